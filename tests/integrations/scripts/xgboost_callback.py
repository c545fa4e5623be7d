"""Boosted trees with W&B's callback."""

import json

import numpy as np
import wandb
import xgboost
from wandb.integration.xgboost import WandbCallback


def main():
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(200, 3))
    data = xgboost.DMatrix(inputs, label=(inputs[:, 0] > 0).astype(float))
    results = {}
    with wandb.init(project="xgboost", config={"rounds": 5}):
        xgboost.train(
            {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "max_depth": 2},
            data,
            num_boost_round=5,
            evals=[(data, "train")],
            evals_result=results,
            verbose_eval=False,
            early_stopping_rounds=3,
            callbacks=[WandbCallback(log_model=True)],
        )
    print("RESULT", json.dumps(results["train"]))


if __name__ == "__main__":
    main()
