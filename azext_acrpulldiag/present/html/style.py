"""How the page looks: light and dark, narrow and wide, on paper. No file, font or picture is loaded."""

CSS = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1b1f24; --soft: #59636e; --line: #d5dae1; --code: #f0f2f5;
  --bad: #b3261e; --bad-back: #fdf0ee; --warn: #8a5300; --warn-back: #fdf5e6;
  --open: #5746af; --open-back: #f4f2fd; --good: #1a6e36; --good-back: #eef8f1; --link: #0b5cad;
  font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1317; --card: #171c22; --text: #e7ebf0; --soft: #a3afbc; --line: #313a45; --code: #0f1418;
    --bad: #ff9389; --bad-back: #2d1715; --warn: #f2bd63; --warn-back: #2a2111;
    --open: #b8aefc; --open-back: #201d36; --good: #6fd392; --good-back: #12261a; --link: #7cbcff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere; }
main, .index { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
main { padding-top: 1.5rem; }
h1, h2, h3, h4, h5, p, ol, ul, dl, dd, figure, blockquote, pre { margin: 0; padding: 0; }
h1, h2, h3, h4, h5 { line-height: 1.3; font-weight: 650; }
ol, ul { list-style: none; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
code, pre { font-family: ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace; }
code { font-size: .875em; }

/* marks */
.mark { width: 1.2em; height: 1.2em; flex: none; vertical-align: -.24em; }
.symbols { position: absolute; width: 0; height: 0; }
.shape { fill: var(--fill, currentColor); stroke: var(--edge, none); stroke-width: 1.8; }
.sign { fill: none; stroke: var(--sign, var(--card)); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.mark.not-applicable, .hop.end .mark { --fill: var(--card); --edge: currentColor; --sign: currentColor; }
.blocks > .mark, .mark.blocks, .chip.blocks { color: var(--bad); }
.mark.may-block, .chip.may-block { color: var(--warn); }
.mark.unknown, .chip.unknown { color: var(--open); }
.mark.works, .chip.works { color: var(--good); }
.mark.not-applicable, .chip.not-applicable { color: var(--soft); }
.chip { font-weight: 650; white-space: nowrap; }

/* the head of a report */
.report + .report { margin-top: 4rem; }
.head {
  background: var(--card); border: 1px solid var(--line); border-top: 6px solid var(--soft); border-radius: 12px;
  padding: 1.5rem; display: grid; gap: .75rem;
}
.head.blocks { border-top-color: var(--bad); }
.head.may-block { border-top-color: var(--warn); }
.head.unknown { border-top-color: var(--open); }
.head.works { border-top-color: var(--good); }
.title { font-size: clamp(1.3rem, 1rem + 1.4vw, 1.9rem); letter-spacing: -.01em; }
.title .chip { margin-right: .35em; }
.summary { font-size: 1.1rem; max-width: 80ch; }
.target { color: var(--soft); font-size: .875rem; }

/* parts */
.part { margin-top: 2.5rem; display: grid; gap: 1rem; }
.part > h2, .part > h3 { font-size: 1.3rem; }
.lead, .note, figcaption, small, footer { color: var(--soft); }
.note, small, figcaption { font-size: .875rem; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; font-size: .875rem; }
dl { display: grid; gap: .25rem; font-size: .9rem; }
dl > div { display: grid; grid-template-columns: 9rem 1fr; gap: 0 .75rem; }
dt { color: var(--soft); }
dd { min-width: 0; }
.evidence > div { grid-template-columns: 12rem 1fr; }
summary { cursor: pointer; }
details > :not(summary) { margin-top: .6rem; }
.cause > details > summary, .rest > summary, .group > details > summary, .part > details > summary {
  font-weight: 600;
}

/* causes */
.cause, .group {
  background: var(--card); border: 1px solid var(--line); border-left: 6px solid var(--bad); border-radius: 12px;
  padding: 1.25rem 1.5rem; display: grid; gap: 1rem;
}
.cause.may-block { border-left-color: var(--warn); }
.cause > h3, .cause > h4 { font-size: 1rem; }
.cause > h3 code, .cause > h4 code { font-size: .95em; }
.said { font-size: 1.1rem; max-width: 80ch; }
.cause h4, .cause h5 { font-size: .95rem; }
.repair { display: grid; gap: .75rem; }
.repair.other + .repair.other { border-top: 1px solid var(--line); padding-top: 1rem; }
.steps { display: grid; gap: 1rem; counter-reset: step; }
.steps li { counter-increment: step; display: grid; gap: .5rem; }
.steps:not(.one) li { padding-left: 2.1rem; position: relative; }
.steps:not(.one) li::before {
  content: counter(step); position: absolute; left: 0; top: .05rem; width: 1.45rem; height: 1.45rem;
  border: 1.5px solid var(--soft); border-radius: 50%; font-size: .8rem; font-weight: 650;
  display: grid; place-items: center;
}
.besides { color: var(--soft); }
pre {
  background: var(--code); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem;
  white-space: pre-wrap; font-size: .875rem; line-height: 1.55; tab-size: 2;
}
pre code { font-size: 1em; }
pre span { display: inline-block; max-width: 100%; } /* an option's name */
.changes { display: grid; gap: .75rem; margin-top: .5rem; }
.changes li { border-left: 3px solid var(--line); padding-left: .9rem; display: grid; gap: .3rem; }
.tag {
  font-size: .8rem; font-weight: 650; border: 1px solid var(--soft); border-radius: 99px; padding: .05rem .6rem;
  justify-self: start;
}

/* the ways */
.ways {
  display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr));
  align-items: start;
}
.way { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.25rem 1rem; }
.way > h3, .way > h4 { font-size: 1rem; margin-bottom: .75rem; }
.hop { position: relative; padding-bottom: .35rem; }
.hop:not(:last-child)::before {
  content: ""; position: absolute; left: 1.05rem; top: 1.2rem; bottom: -1.2rem; width: 0;
  border-left: 3px solid var(--good);
}
.hop.unknown::before, .hop.unknown ~ .hop::before { border-left-color: var(--soft); }
.hop.not-applicable::before { border-left-color: var(--soft); }
.hop.may-block::before { border-left-color: var(--warn); }
.hop.blocks::before, .hop.blocks ~ .hop::before { border-left: 3px dotted var(--soft); }
.row {
  display: grid; grid-template-columns: 1.4rem 1fr auto; gap: .6rem; align-items: start; position: relative;
  padding: .3rem .6rem .3rem .4rem;
}
.row > .mark { width: 1.4rem; height: 1.4rem; background: var(--card); }
.hop > details > summary { list-style: none; border-radius: 8px; }
.hop > details > summary::-webkit-details-marker { display: none; }
.hop > details > summary .row { display: grid; }
.hop > details > summary:hover { background: var(--code); }
.hop .kind { color: var(--soft); }
.hop .name { font-weight: 600; }
.hop .state { font-size: .875rem; font-weight: 600; color: var(--soft); white-space: nowrap; }
.hop > details > summary .state::after {
  content: ""; display: inline-block; width: .4em; height: .4em; margin-left: .55em; vertical-align: .15em;
  border-right: 2px solid; border-bottom: 2px solid; transform: rotate(45deg);
}
.hop > details[open] > summary .state::after { transform: rotate(225deg); vertical-align: -.05em; }
.hop.works .state { color: var(--good); }
.hop.blocks .state { color: var(--bad); }
.hop.may-block .state { color: var(--warn); }
.hop.unknown .state { color: var(--open); }
.hop.end .state { white-space: normal; text-align: right; max-width: 8rem; }
.hop > details > :not(summary) { margin: .25rem .4rem .5rem 2.4rem; font-size: .925rem; position: relative; }
.hop.blocks > details, .hop.may-block > details, .hop.unknown > details {
  border-radius: 8px; position: relative; padding-bottom: .15rem;
}
.hop.blocks > details { background: var(--bad-back); box-shadow: inset 0 0 0 2px var(--bad); }
.hop.may-block > details { background: var(--warn-back); box-shadow: inset 0 0 0 1px var(--warn); }
.hop.unknown > details { background: var(--open-back); box-shadow: inset 0 0 0 1px var(--open); }
.hop.blocks .row > .mark, .hop.may-block .row > .mark, .hop.unknown .row > .mark { background: none; }
.hop.blocks .kind, .hop.may-block .kind, .hop.unknown .kind, .hop.blocks dt, .hop.may-block dt,
.hop.unknown dt {
  color: inherit; opacity: .85;
}
.hop dl > div { grid-template-columns: 5rem 1fr; }
.stop {
  width: .9rem; height: .9rem; margin: .3rem .25rem; border-radius: 50%; background: var(--card);
  border: 3px solid var(--good);
}

/* what pods report */
.group { border-left-color: var(--soft); }
blockquote {
  border-left: 4px solid var(--bad); background: var(--bad-back); border-radius: 0 8px 8px 0; padding: .75rem 1rem;
  font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .875rem;
}
figure { display: grid; gap: .4rem; }
.pods li, .sound li { padding: .15rem 0; font-size: .9rem; }
.groups {
  display: grid; gap: .75rem 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr));
  align-items: start;
}
.groups > details[open] { grid-column: 1 / -1; }
.groups > details > summary { font-weight: 600; }
.sound { display: grid; gap: .35rem; }
.sound li { display: grid; grid-template-columns: 1.3rem 1fr; gap: .5rem; }

/* cards */
.cards { display: grid; gap: .75rem; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1.1rem;
  display: grid; gap: .4rem;
}

/* tables */
table {
  border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line);
  font-size: .925rem;
}
caption { text-align: left; color: var(--soft); padding-bottom: .5rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .6rem .8rem; border-top: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; font-size: .875rem; border-top: 0; }
tbody th { font-weight: 650; }
td small { display: block; }
@media (max-width: 44rem) {
  main, .index { padding: 1rem; }
  .head, .cause, .group { padding: 1rem; }
  .way { padding: 1rem .6rem .75rem; }
  .way > h3, .way > h4 { padding: 0 .4rem; }
  dl > div, .evidence > div, .hop dl > div { grid-template-columns: 1fr; }
  table, caption, tbody, tr, th, td { display: block; }
  caption { padding: .6rem .8rem 0; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tbody tr { border-top: 1px solid var(--line); padding: .6rem .8rem; }
  tbody tr:first-child { border-top: 0; }
  tbody th, tbody td { border: 0; padding: .15rem 0; }
  tbody td::before { content: attr(data-label) ": "; color: var(--soft); }
  tbody td > div { display: inline; }
}

/* the index of several reports */
.index { padding-bottom: 0; display: grid; gap: 1rem; }
.index ol { display: grid; gap: .4rem; }
.index h1 { font-size: clamp(1.3rem, 1rem + 1.4vw, 1.9rem); }
.index li { display: grid; grid-template-columns: 1.3rem 1fr; gap: .5rem; }
.index .mark { margin-top: .15rem; }

@media (forced-colors: active) {
  .hop.blocks > details, .hop.may-block > details, .hop.unknown > details { outline: 2px solid; }
}
@page { margin: 15mm; }
@media print {
  :root {
    --page: #fff; --card: #fff; --text: #000; --soft: #444; --line: #aaa; --code: #fff;
    --bad: #a11; --bad-back: #fff; --warn: #754600; --warn-back: #fff; --open: #4a3aa0; --open-back: #fff;
    --good: #145a2b; --good-back: #fff; --link: #000;
    font-size: 80%;
  }
  main, .index { max-width: none; padding: 0; }
  .report + .report { break-before: page; }
  .way, .head, pre, blockquote, tr, .card { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  .mark { print-color-adjust: exact; }
  .hop > details > summary .state::after { display: none; }
  details::details-content { content-visibility: visible; display: block; }
  details > summary { list-style: none; }
  a[href^="https"]::after { content: " (" attr(href) ")"; }
  .part, .report { display: block; margin-top: 1.5rem; }
  .part > * { margin-top: .75rem; }
  .hop.works > details > :not(summary) { display: none; }
}
"""
