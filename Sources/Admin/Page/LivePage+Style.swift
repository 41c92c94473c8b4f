/// How the live page looks: one column, by day and by night.
extension LivePage {
    static let styleText = """
        :root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --ink: #1c2430; --soft: #5d6b7e; --line: #dfe4ea;
          --good: #1a7f4b; --bad: #b3261e; --warn: #8a5a00; --accent: #2557a7; }
        @media (prefers-color-scheme: dark) {
          :root { --back: #12161c; --card: #1a2028; --ink: #e4e9f0; --soft: #94a1b3; --line: #2c3541;
            --good: #58c58b; --bad: #ff8a80; --warn: #f2b84b; --accent: #8ab4f8; }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--back); color: var(--ink);
          font: 15px/1.45 system-ui, sans-serif; }
        header { display: flex; flex-wrap: wrap; gap: .8rem; align-items: baseline; }
        h1 { font-size: 1.4rem; margin: 0; }
        h2 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
        h2 small, #version, #moment, footer { color: var(--soft); font-weight: normal; }
        #moment { margin-left: auto; }
        button, input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .4rem;
          padding: .15rem .6rem; }
        .pill { border-radius: 1rem; padding: .05rem .7rem; border: 1px solid currentColor; color: var(--soft); }
        .good { color: var(--good); }
        .bad { color: var(--bad); }
        .warn { color: var(--warn); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .7rem; margin-top: 1rem; }
        .tile, details, table, .none { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
        .tile { padding: .6rem .8rem; }
        .tile b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
        .tile span, .none, th { color: var(--soft); }
        .tile svg { display: block; width: 100%; height: 2rem; margin-top: .3rem; }
        .tile polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
        .none { padding: .6rem .8rem; }
        details { margin-bottom: .5rem; padding: .5rem .8rem; }
        summary { cursor: pointer; }
        summary b { margin-right: .4rem; font-variant-numeric: tabular-nums; }
        summary span { color: var(--soft); }
        dl { display: grid; grid-template-columns: 7rem 1fr; gap: .3rem .8rem; margin: .6rem 0 .2rem; }
        dt { color: var(--soft); }
        dd { margin: 0; overflow-wrap: anywhere; }
        dd p { margin: 0 0 .3rem; }
        code, td.id, dd.evidence { font-family: ui-monospace, monospace; font-size: .9em; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .3rem .7rem; border-top: 1px solid var(--line); white-space: nowrap; }
        th { border-top: 0; font-weight: normal; }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
        td.wide { max-width: 22rem; overflow: hidden; text-overflow: ellipsis; }
        #filter { display: flex; flex-wrap: wrap; gap: .8rem; margin-bottom: .5rem; color: var(--soft); }
        footer { margin-top: 2rem; }
        footer a, a { color: var(--accent); }

        """
}
