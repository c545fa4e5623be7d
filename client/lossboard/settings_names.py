"""Settings of W&B that lossboard accepts and keeps, and that change nothing here."""

from __future__ import annotations

from typing import Final

__all__ = ["KEPT_WITHOUT_EFFECT", "OLDER"]

_NAMES: Final = """
    allow_media_symlink allow_offline_artifacts anonymous azure_account_url_to_access_key
    capture_loggers code_dir console_chunk_max_bytes console_chunk_max_seconds console_multipart
    credentials_file disable_git_fork_point disable_job_creation docker email
    finish_timeout_raises force git_commit git_remote git_remote_url git_root heartbeat_seconds
    http_proxy https_proxy identity_token_file ignore_globs insecure_disable_ssl job_name
    job_source label_disable launch launch_config_path login_timeout organization
    program_abspath program_relpath relogin resumed sagemaker_disable settings_system
    show_colors stop_fn stop_on_fatal_error summary_timeout summary_warnings sweep_id
    sweep_param_path symlink sync_tensorboard table_raise_on_max_row_limit_exceeded
    use_dot_wandb username x_cli_only_mode x_disable_viewer x_executable x_file_stream_max_bytes
    x_file_stream_max_line_bytes x_file_stream_no_gzip x_file_stream_retry_max
    x_file_stream_retry_wait_max_seconds x_file_stream_retry_wait_min_seconds
    x_file_stream_timeout_seconds x_file_stream_transmit_interval x_file_transfer_retry_max
    x_file_transfer_retry_wait_max_seconds x_file_transfer_retry_wait_min_seconds
    x_file_transfer_timeout_seconds x_files_dir x_flow_control_custom x_flow_control_disabled
    x_graphql_retry_max x_graphql_retry_wait_max_seconds x_graphql_retry_wait_min_seconds
    x_graphql_timeout_seconds x_history_value_encoding x_internal_check_process x_jupyter_name
    x_jupyter_path x_jupyter_root x_live_policy_rate_limit x_live_policy_wait_time
    x_log_level x_network_buffer x_proxies x_runqueue_item_id
    x_server_side_derived_summary x_service_transport x_service_wait x_skip_transaction_log
    x_start_time x_stats_buffer_size x_stats_coreweave_metadata_base_url
    x_stats_coreweave_metadata_endpoint x_stats_cpu_count x_stats_cpu_logical_count
    x_stats_dcgm_exporter x_stats_gpu_count x_stats_gpu_device_ids x_stats_gpu_type
    x_stats_neuron_monitor_config_path x_stats_no_cgroup x_stats_open_metrics_endpoints
    x_stats_open_metrics_filters x_stats_open_metrics_http_headers x_stats_pid
    x_stats_self_usage x_stats_track_process_tree x_sync x_sync_dir_suffix
    x_transaction_log_flush_interval
"""

# Settings of 0.12 to 0.21 that 0.31 no longer has; a script may still give them.
_OLDER_NAMES: Final = """
    colab_url deployment disable_hints disabled files_dir is_local log_dir log_internal
    log_symlink_internal log_symlink_user log_user magic problem project_url resume_fname
    run_mode run_url settings_workspace start_method summary_errors sweep_url sync_dir sync_file
    sync_symlink_latest system_sample system_sample_seconds timespec tmp_dir wandb_dir x_args
    x_async_upload_concurrency_limit x_aws_lambda x_code_path_local x_colab x_config_dict
    x_console x_cuda x_disable_service x_disable_setproctitle x_disable_update_check
    x_except_exit x_file_uploader_retry_max x_file_uploader_retry_wait_max_seconds
    x_file_uploader_retry_wait_min_seconds x_file_uploader_timeout_seconds
    x_internal_queue_timeout x_ipython x_jupyter x_kaggle x_noop x_notebook x_offline x_os
    x_platform x_python x_require_core x_require_legacy_service x_require_nexus
    x_require_service x_server_side_expand_glob_metrics x_shared x_show_operation_stats
    x_start_datetime x_stats_join_assets x_stats_sample_rate_seconds x_stats_samples_to_average
    x_tmp_code_dir x_tracelog x_unsaved_keys x_windows
"""

OLDER: Final = frozenset(_OLDER_NAMES.split())
KEPT_WITHOUT_EFFECT: Final = frozenset(_NAMES.split()) | OLDER
