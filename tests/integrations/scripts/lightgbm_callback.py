"""Boosted trees with W&B's callback for LightGBM."""

import json

import lightgbm
import numpy as np
import wandb
from wandb.integration.lightgbm import log_summary, wandb_callback


def main():
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(200, 3))
    data = lightgbm.Dataset(inputs, label=(inputs[:, 0] > 0).astype(float))
    results = {}
    with wandb.init(project="lightgbm", config={"rounds": 5}):
        model = lightgbm.train(
            {"objective": "binary", "metric": ["binary_logloss", "auc"], "verbose": -1},
            data,
            num_boost_round=5,
            valid_sets=[data],
            valid_names=["train"],
            callbacks=[wandb_callback(), lightgbm.record_evaluation(results)],
        )
        log_summary(model, save_model_checkpoint=True)
    folds = {"nfold": 2, "stratified": False, "seed": 0}
    with wandb.init(project="lightgbm-cv"):
        lightgbm.cv(
            {"objective": "binary", "metric": "auc", "verbose": -1},
            data,
            num_boost_round=3,
            callbacks=[wandb_callback(log_params=False)],
            **folds,
        )
    importance = dict(zip(model.feature_name(), model.feature_importance().tolist(), strict=True))
    print("RESULT", json.dumps({**results["train"], "importance": importance}))


if __name__ == "__main__":
    main()
