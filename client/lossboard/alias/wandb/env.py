"""Setting the entity and project of the runs to come."""

from lossboard.module_functions import set_entity, set_project

__all__ = ["set_entity", "set_project"]
