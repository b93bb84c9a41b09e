"""Small shared questions to a cheap model: summarise, classify, extract, title, judge."""

from executus.llmmeta.metacalls import Judgement, MetaAnswer, MetaCalls, ModelSource

__all__ = ["Judgement", "MetaAnswer", "MetaCalls", "ModelSource"]
