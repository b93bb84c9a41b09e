"""How a run's page looks: light and dark, on a screen and on paper."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark; --paper: #fbfbfa; --card: #fff; --ink: #1d2127; --faint: #626a76;
  --line: #e1e3e8; --model: #4c5fd5; --ok: #17846f; --error: #c2313c; --denied: #a86400;
  --read: #9aa6ee; --hover: #f0f2fb; --code: #f4f5f7; }
@media (prefers-color-scheme: dark) { :root { --paper: #121418; --card: #1a1d23; --ink: #e6e8ec;
  --faint: #9aa3b0; --line: #2e333c; --model: #8795f5; --ok: #45bda3; --error: #f2707a;
  --denied: #e0a03c; --read: #4b5590; --hover: #232834; --code: #14171c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 74rem;
  background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.4rem 0 .7rem; }
h3 { font-size: .95rem; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
p { margin: .3rem 0; }
a { color: inherit; }
.faint, small { color: var(--faint); }
.mono, code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.mono, code { font-size: .88em; overflow-wrap: anywhere; }
header .top { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .9rem; }
.state { border: 1px solid currentColor; border-radius: 2rem; padding: .05rem .7rem;
  font-size: .85rem; font-weight: 600; color: var(--faint); }
.state.ok, .word.ok { color: var(--ok); }
.state.failed, .state.timed_out, .state.rejected, .word.error { color: var(--error); }
.state.paused, .state.cancelled, .state.max_steps, .word.denied, .word.unfinished {
  color: var(--denied); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1px;
  margin: 1.4rem 0 0; background: var(--line); border: 1px solid var(--line); border-radius: .6rem;
  overflow: hidden; }
.figures div { background: var(--card); padding: .7rem 1rem; }
.figures dt { color: var(--faint); font-size: .8rem; }
.figures dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.note { border-left: 3px solid var(--denied); padding: .1rem 0 .1rem .9rem; margin: .8rem 0;
  overflow-wrap: anywhere; }
.note.error { border-color: var(--error); }
pre { margin: .4rem 0; padding: .7rem .9rem; background: var(--code); border: 1px solid var(--line);
  border-radius: .4rem; font-size: .83rem; white-space: pre-wrap; overflow-wrap: anywhere;
  max-height: 24rem; overflow: auto; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: .8rem 1rem; overflow: auto; max-height: 85vh; }
.card > svg { display: block; min-width: 46rem; overflow: hidden; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); font-variant-numeric: tabular-nums; }
svg text.small, svg text.faint { font-size: 11px; fill: var(--faint); }
svg text.end { text-anchor: end; }
svg text.label { font-size: 11.5px; fill: var(--faint); white-space: pre; }
svg text.strong { font-size: 12px; font-weight: 600; fill: var(--ink); }
svg text.detour { fill: var(--denied); font-weight: 700; }
svg text.error { fill: var(--error); }
svg text.denied, svg text.unfinished { fill: var(--denied); }
.grid { stroke: var(--line); stroke-width: 1; }
.cut { fill: var(--line); opacity: .55; }
.row { fill: transparent; }
svg a:hover .row { fill: var(--hover); }
.bar.model, .written { fill: var(--model); }
.read { fill: var(--read); }
.bar.ok { fill: var(--ok); }
.bar.error { fill: var(--error); }
.bar.denied { fill: var(--denied); }
.bar.unfinished { fill: none; stroke: var(--denied); stroke-width: 1.5; stroke-dasharray: 3 2; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0;
  margin: .6rem 0 0; font-size: .82rem; color: var(--faint); }
.legend .detour { color: var(--denied); font-weight: 700; margin-right: .4rem; }
.legend svg { width: 22px; height: 10px; margin-right: .4rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem;
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; white-space: nowrap; }
th { color: var(--faint); font-weight: 500; }
tbody tr:last-child > * { border-bottom: 0; }
td.figure, th.figure { text-align: right; }
article { border-top: 1px solid var(--line); padding: .9rem 0; scroll-margin-top: 1rem; }
article:target { box-shadow: -.8rem 0 var(--paper), -1rem 0 var(--model); }
article header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; }
ul.troubles { margin: .4rem 0; padding-left: 1.2rem; color: var(--denied); font-size: .9rem;
  overflow-wrap: anywhere; }
details { margin: .35rem 0 .35rem .2rem; }
summary { cursor: pointer; overflow-wrap: anywhere; font-size: .9rem; }
summary .word { font-weight: 600; }
details > div { margin: .2rem 0 .8rem 1.1rem; }
ul.tree { padding-left: 1.2rem; }
footer { margin-top: 3rem; font-size: .82rem; color: var(--faint); }
:focus-visible { outline: 2px solid var(--model); outline-offset: 2px; }
@media print { :root { --paper: #fff; --card: #fff; --ink: #000; --faint: #444; --line: #bbb;
    --hover: #fff; --code: #fff; --model: #4c5fd5; --ok: #17846f; --error: #c2313c;
    --denied: #a86400; --read: #9aa6ee; color-scheme: light; }
  * { print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 11px; }
  pre { max-height: none; }
  .card { border: 0; padding: 0; overflow: visible; max-height: none; }
  .card > svg { min-width: 0; }
  details::details-content { content-visibility: visible; block-size: auto; }
  h2, summary, article header { break-after: avoid; } }
"""
