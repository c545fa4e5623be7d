"""Media of each type, a saved file, and what the public API says of them."""

import json
import sys
import wave
from pathlib import Path

import numpy as np
import PIL.Image
import plotly.graph_objects as go
import wandb

run = wandb.init(project=sys.argv[1], id=sys.argv[2])
random = np.random.default_rng(0)
with wave.open("tone.wav", "wb") as tone:
    tone.setparams((1, 2, 8000, 100, "NONE", ""))
    tone.writeframes(bytes(200))
frames = [PIL.Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (0, 128, 255)]
frames[0].save("clip.gif", save_all=True, append_images=frames[1:])
Path("water.pdb").write_text("HETATM    1  O   HOH A   1       0.000   0.000   0.000\nEND\n")
box = {"position": {"minX": 0.0, "maxX": 1.0, "minY": 0.0, "maxY": 1.0}, "class_id": 1}
run.log(
    {
        "image": wandb.Image(
            random.integers(0, 255, (8, 8, 3), dtype=np.uint8),
            caption="c",
            boxes={"b": {"box_data": [box], "class_labels": {1: "dog"}}},
            masks={"m": {"mask_data": np.eye(8, dtype=np.uint8), "class_labels": {1: "fg"}}},
        ),
        "images": [wandb.Image(np.zeros((4, 4, 3), np.uint8)) for _ in range(2)],
        "sound": wandb.Audio("tone.wav", caption="tone"),
        "clip": wandb.Video("clip.gif", format="gif"),
        "water": wandb.Molecule("water.pdb"),
        "html": wandb.Html("<p>hi</p>"),
        "points": wandb.Object3D(random.random((5, 3))),
        "figure": wandb.Plotly(go.Figure(go.Bar(y=[1, 2]))),
        "table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]),
        "histogram": wandb.Histogram(random.standard_normal(1000)),
        "curve": wandb.plot.line(wandb.Table(columns=["x", "y"], data=[[0, 1]]), "x", "y"),
    }
)
Path("saved.txt").write_text("saved")
run.save("saved.txt")
run.finish()
found = wandb.Api().run(f"local/{sys.argv[1]}/{sys.argv[2]}")
print("RESULT " + json.dumps(sorted(file.name for file in found.files())))
