"""How fast the live figures are in Chromium: until one is there, and from a key press until its effect is painted.

Each is as the book shows it; GateScope and GradientExplorer also with T = 200 steps and H = 64 units. Every press is a
real one: the browser gets it as from a keyboard. There are two measures. *Work* is the CPU time of the page's thread
between the press and the task after the next frame: it hardly depends on what else the machine does, and has to fit
into the 16 ms of a frame. *Clock* is from the press to that task, as a reader waits, with up to 17 ms of waiting for
the frame itself. The first row is a slider without a figure: what measuring costs.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.timing import Effort
from lessons_src import brackets, widgets
from lessons_src.models import CharModel
from lessons_src.word_vectors import WordVectors
from tests.browser.conftest import FLAGS
from tests.browser.harness import Stage
from website import chromium

PRESSES, MOUNTS = 40, 5
PAINT, MOUNT = 16, 150
"""The marks in milliseconds, for 95 % of the presses and for the median of the mounts."""
SLOWER = (1, 4)
"""By how much the browser slows its processor down."""
STEPS, UNITS = 200, 64
THERE_AND_BACK = ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft")
PAINTED = """() => new Promise((done) => requestAnimationFrame(() => {
  const channel = new MessageChannel(); channel.port1.onmessage = done; channel.port2.postMessage(0); }))"""
WATCH = """() => {
  window.taken = [];
  addEventListener("keydown", (press) => {
    let moved = false;
    const see = () => { moved = true; };
    addEventListener("input", see, { capture: true, once: true });
    window.painted = new Promise((done) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        removeEventListener("input", see, { capture: true });
        done(moved ? performance.now() - press.timeStamp : null);
      };
      channel.port2.postMessage(0);
    }));
  }, { capture: true });
}"""
BARE = """() => {
  document.body.innerHTML = '<div class="uw"><input type="range" aria-label="nothing"></div>';
}"""
REST = "(time) => new Promise((done) => setTimeout(done, time))"


@dataclass(frozen=True)
class Row:
    """A figure, and which keys are pressed where.

    Attributes:
        name: of the row.
        make: makes the widget; None for a slider without one.
        control: CSS of what has the focus.
        keys: pressed again and again, in this order.
    """

    name: str
    make: Callable[[], Any] | None
    control: str = "input[type=range]:visible"
    keys: Sequence[str] = THERE_AND_BACK


def gate_scope() -> widgets.GateScope:
    """An LSTM of H = 64 units with lively random weights, on T = 200 characters, one unit of one gate clamped."""
    generator = torch.Generator().manual_seed(0)
    model = CharModel(brackets.ALPHABET, brackets.CLASSES, UNITS, "LSTM")
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 1.5 * UNITS**-0.5, generator=generator)
    text = brackets.generate(5, STEPS + 100).replace("\n", " ")[: STEPS - PRESSES // 2]
    return widgets.GateScope(model, text, gate="f", unit=1)


def compass() -> widgets.EmbeddingCompass:
    """As many words as chapter 2 shows, with random vectors."""
    vectors = torch.randn(600, 100, generator=torch.Generator().manual_seed(0))
    return widgets.EmbeddingCompass(WordVectors([f"w{k}" for k in range(len(vectors))], vectors))


LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
LARGE = f"T={STEPS} H={UNITS}"
ROWS = (
    Row("a slider, no figure", None),
    Row(f"GateScope {LARGE}, text", gate_scope, "[data-control=text]", LETTERS),
    Row(f"GateScope {LARGE}, slider", gate_scope, "[data-control=character]"),
    Row(f"GradientExplorer {LARGE}", lambda: widgets.GradientExplorer("LSTM", steps=STEPS, hidden_size=UNITS)),
    Row("EmbeddingCompass, measure", compass, "[data-control=measure]:checked"),
    Row("RaceBoard, starts", widgets.RaceBoard, "[data-control=starts]:checked"),
    Row("RuleReader, text", widgets.RuleReader, "[data-control=text]", LETTERS),
    *(
        Row(name, getattr(widgets, name))
        for name in widgets.__all__
        if name not in ("EmbeddingCompass", "RaceBoard", "RuleReader")
    ),
)
"""Three have no slider; they get letters, or arrow keys among their choices."""


@dataclass
class Times:
    """Milliseconds of one row at one speed of the processor, each by (work, clock)."""

    mount: list[tuple[float, float]] = field(default_factory=list)
    press: list[tuple[float, float]] = field(default_factory=list)


class Worker:
    """The page's main thread: how long it has worked so far."""

    def __init__(self, page: Page, slower: int) -> None:
        self.tools: CDPSession = page.context.new_cdp_session(page)
        self.tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        if slower > 1:
            self.tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})

    def milliseconds(self) -> float:
        """CPU time of all tasks since the page began."""
        metrics = self.tools.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def mount(stage: Stage, widget: Any, slower: int) -> tuple[Page, Worker, tuple[float, float]]:
    """Puts a widget on an empty page, where none of its code has run before."""
    page = stage.open()
    worker = Worker(page, slower)
    before = worker.milliseconds()
    clock = stage.add(page, widget) if widget else page.evaluate(BARE) or 0.0
    page.evaluate(PAINTED)
    return page, worker, (worker.milliseconds() - before, clock)


def press(page: Page, worker: Worker, row: Row, presses: int) -> list[tuple[float, float]]:
    """Presses keys, and measures those that changed something; the first five are not counted."""
    page.evaluate(WATCH)
    page.locator(f".uw {row.control}").first.focus()
    page.keyboard.press("Control+Home")
    found = []
    for number, key in enumerate(itertools.islice(itertools.cycle(row.keys), presses + 5)):
        page.evaluate(REST, 60)
        before = worker.milliseconds()
        page.keyboard.down(key)
        clock = page.evaluate("window.painted")
        work = worker.milliseconds() - before
        page.keyboard.up(key)
        if clock is not None and number >= 5:
            found.append((work, clock))
    return found


def measure(stage: Stage, row: Row, slower: int, presses: int, mounts: int) -> Times:
    """One row at one speed."""
    widget, times = row.make() if row.make else None, Times()
    for number in range(mounts):
        page, worker, took = mount(stage, widget, slower)
        times.mount.append(took)
        if number == mounts - 1:
            times.press = press(page, worker, row, presses)
        page.close()
    return times


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def columns(times: Times) -> str:
    """The cells of a row for one speed."""
    (mount_work, mount_clock), (work, clock) = (list(zip(*pairs, strict=True)) for pairs in (times.mount, times.press))
    mounts = f"{quantile(mount_work, 0.5):9.0f}{quantile(mount_clock, 0.5):7.0f}"
    return mounts + "".join(f"{quantile(values, share):7.1f}" for values in (work, clock) for share in (0.5, 0.95))


def within(times: Times) -> str:
    """Whether a row at full speed is within the marks."""
    work, clock = [work for work, _ in times.press], [clock for _, clock in times.mount]
    return "within" if quantile(clock, 0.5) <= MOUNT and quantile(work, 0.95) <= PAINT else "ABOVE"


def table(browser: Browser, effort: Effort) -> None:
    """Prints the table."""
    print("Live figures in Chromium, milliseconds; work: CPU time of the page's thread; clock: on the wall")
    print("mount, medians: all until it is painted (work), render() alone (clock); press: key to paint")
    print(f"marks without slowing down: mount {MOUNT} by the clock, 95 % of the presses {PAINT} of work\n")
    rates = (f"slowed {rate} ×" if rate > 1 else "full speed" for rate in SLOWER)
    print(f"{'':32}" + f"{'':8}".join(f"{rate:^44}" for rate in rates))
    print(f"{'':32}" + f"{'':8}".join(f"{'mount':>16}{'press work':>14}{'press clock':>14}" for _ in SLOWER))
    head = f"{'work':>9}{'clock':>7}" + f"{'50 %':>7}{'95 %':>7}" * 2
    print(f"{'':32}" + f"{'':8}".join(head for _ in SLOWER))
    presses, mounts = (4, 1) if effort.quick else (PRESSES, MOUNTS)
    stage = Stage(browser)
    for row in effort.some(ROWS, 2):
        found = [measure(stage, row, rate, presses, mounts) for rate in SLOWER]
        print(f"{row.name:32}" + f"  {within(found[0]):6}".join(map(columns, found)), flush=True)
    stage.close()
    assert not stage.faults, stage.faults


def main(effort: Effort) -> None:
    """Opens a browser for the table."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        table(browser, effort)
        browser.close()
