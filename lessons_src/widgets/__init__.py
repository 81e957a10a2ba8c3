"""The interactive figures: one class per widget, live with a kernel in JupyterLab and without one in the built book."""

from lessons_src.widgets.alignment_explorer import AlignmentExplorer
from lessons_src.widgets.attention_stepper import AttentionStepper
from lessons_src.widgets.backprop_stepper import BackpropStepper
from lessons_src.widgets.decoder_lab import DecoderLab
from lessons_src.widgets.embedding_compass import EmbeddingCompass
from lessons_src.widgets.forecast_lab import ForecastLab
from lessons_src.widgets.forget_bias import ForgetBias
from lessons_src.widgets.gate_scope import GateScope
from lessons_src.widgets.gradient_explorer import GradientExplorer
from lessons_src.widgets.name_reader import NameReader
from lessons_src.widgets.race_board import RaceBoard
from lessons_src.widgets.rule_reader import RuleReader
from lessons_src.widgets.surprise_meter import SurpriseMeter
from lessons_src.widgets.truncation_window import TruncationWindow
from lessons_src.widgets.unrolled_stepper import UnrolledStepper
from lessons_src.widgets.word_vector_stepper import WordVectorStepper

__all__ = [
    "AlignmentExplorer",
    "AttentionStepper",
    "BackpropStepper",
    "DecoderLab",
    "EmbeddingCompass",
    "ForecastLab",
    "ForgetBias",
    "GateScope",
    "GradientExplorer",
    "NameReader",
    "RaceBoard",
    "RuleReader",
    "SurpriseMeter",
    "TruncationWindow",
    "UnrolledStepper",
    "WordVectorStepper",
]
