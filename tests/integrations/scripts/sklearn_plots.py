"""All plots of scikit-learn models."""

import warnings

import wandb
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split


def classify():
    data = load_breast_cancer()
    x, x_test, y, y_test = train_test_split(data.data, data.target, random_state=0)
    model = RandomForestClassifier(n_estimators=5, random_state=0).fit(x, y)
    probabilities, predicted = model.predict_proba(x_test), model.predict(x_test)
    names = list(data.target_names)
    wandb.sklearn.plot_classifier(
        model, x, x_test, y, y_test, predicted, probabilities, names, True, "forest"
    )


def regress():
    data = load_diabetes()
    x, x_test, y, y_test = train_test_split(data.data, data.target, random_state=0)
    wandb.sklearn.plot_regressor(Ridge().fit(x, y), x, x_test, y, y_test, model_name="ridge")


def cluster():
    data = load_iris()
    model = KMeans(n_clusters=3, n_init=1, random_state=0)
    labels = model.fit_predict(data.data)
    wandb.sklearn.plot_clusterer(model, data.data, labels, model_name="means")


def main():
    warnings.simplefilter("ignore", FutureWarning)
    with wandb.init(project="sklearn"):
        classify()
        regress()
        cluster()


if __name__ == "__main__":
    main()
