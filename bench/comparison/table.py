"""Turns the collected figures into the two tables."""

import math

from comparison.plan import METRICS, figures_of, rows


def human(value, unit):
    if value is None or math.isnan(value):
        return "-"
    for factor, suffix in ((1e6, " M"), (1e3, " k")):
        if value >= factor and unit in ("msg/s", "conn/s", "req/s"):
            return f"{value / factor:.3g}{suffix}"
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def print_table(header, lines):
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]
    for line in [header, ["-" * width for width in widths], *lines]:
        first, *rest = (cell.ljust(w) if i == 0 or i == len(header) - 1 else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(line, widths)))
        print("  ".join([first, *rest]).rstrip())


def judge(row, results):
    """One line of the table of ratios as a dict; `mark` is wants, pass, short, FAILED, "not offered" or empty (no must)."""
    unit, _ = METRICS[row.metric]
    parley, peer = results.get(row.question, row.parley), results.get(row.question, row.peer)
    a, b = parley.median(row.metric), peer.median(row.metric)
    judged = {"row": row.label, "question": row.question, "unit": unit, "parley": a, "peer": row.peer, "peer_value": b,
              "ratio": parley.ratio(peer, row.metric), "must": row.must, "wants": row.wants, "absolute": row.absolute}
    judged["mark"] = mark(row, parley, peer, judged)
    return judged


def mark(row, parley, peer, judged):
    if parley.failures or peer.failures:
        return "FAILED"
    value = judged["parley"] if row.absolute else judged["ratio"]
    if value is None:
        return "not offered"
    if row.wants is not None and row.reaches(value, row.wants):
        return "wants"
    if row.must is None:
        return ""
    return "pass" if row.reaches(value, row.must) else "short"


def bound_text(row, bound):
    if bound is None:
        return ""
    return f"{'>=' if row.more_is_better else '<='} {bound:g}" + ("" if row.absolute else "x")


def print_ratios(selected, results):
    judged = [(row, judge(row, results)) for row in rows() if row.question in selected]
    lines = []
    for row, j in judged:
        ratio = f"{j['ratio']:.2f}x" if j["ratio"] is not None else "-"
        lines.append([row.label, j["unit"], human(j["parley"], j["unit"]), row.peer, human(j["peer_value"], j["unit"]), ratio,
                      bound_text(row, row.must), bound_text(row, row.wants), j["mark"]])
    print_table(["", "unit", "parley", "peer", "its", "ratio", "must", "wants", ""], lines)
    return [j for _, j in judged]


def print_figures(questions, results):
    lines = []
    for question in questions:
        metrics = figures_of(question)
        for contender in question.contenders:
            result = results.get(question.name, contender.name)
            if not result.runs and not result.failures:
                continue
            figures = [f"{human(result.median(m), METRICS[m][0])} {METRICS[m][0] if not m.startswith('cpu ') else m}"
                       for m in metrics if result.median(m) is not None]
            note = f"{len(result.failures)} of {result.tried} runs failed" if result.failures else ""
            lines.append([question.name, contender.name, ", ".join(figures), note])
    print_table(["", "", "medians", ""], lines)
