"""Keras 3 on torch with the callbacks of wandb.integration.keras."""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import wandb
from wandb.integration.keras import (
    WandbCallback,
    WandbEvalCallback,
    WandbMetricsLogger,
    WandbModelCheckpoint,
)


class Predictions(WandbEvalCallback):
    """Tables of inputs and of what the model makes of them."""

    def add_ground_truth(self, logs=None):
        for index in range(3):
            self.data_table.add_data(index, float(y[index]))

    def add_model_predictions(self, epoch, logs=None):
        found = self.model.predict(x[:3], verbose=0)
        for index in self.data_table_ref.get_column("index"):
            self.pred_table.add_data(epoch, index, float(found[int(index), 0]))


keras.utils.set_random_seed(0)
run = wandb.init(project=sys.argv[1], id=sys.argv[2])
x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
y = x.sum(1)
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse", metrics=["mae"])
history = model.fit(
    x,
    y,
    epochs=2,
    batch_size=8,
    verbose=0,
    validation_data=(x, y),
    callbacks=[
        WandbMetricsLogger(log_freq=2),
        WandbModelCheckpoint("model-{epoch:02d}.keras"),
        Predictions(["index", "target"], ["epoch", "index", "predicted"]),
        WandbCallback(save_model=True),
    ],
)
run.summary["told"] = history.history
run.finish()
