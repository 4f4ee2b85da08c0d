// The page's style sheet: screen and paper, light and dark.

enum PageStyle {
    static let text = """
        :root{color-scheme:light dark;--ink:#1b1f24;--soft:#4d5560;--paper:#fff;--panel:#f4f6f8;
        --rule:#d3d9df;--a:#0b5cad;--b:#a83f00;--c:#5c3d99}
        @media (prefers-color-scheme:dark){:root{--ink:#e8ebee;--soft:#b3bcc6;--paper:#14171a;--panel:#1f2429;
        --rule:#3a424a;--a:#74b4f5;--b:#f5a066;--c:#c3a6f5}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main,header,footer{max-width:60rem;margin:0 auto;padding:0 1rem}
        h1{font-size:1.9rem;line-height:1.2;margin:2rem 0 .25rem}h2{font-size:1.25rem;margin:2.5rem 0 .5rem}
        p{margin:.4rem 0;max-width:44rem}.soft{color:var(--soft)}a{color:var(--a)}
        .status{border-left:4px solid var(--a);background:var(--panel);padding:.6rem 1rem;margin:1rem 0}
        .status.draft{border-color:var(--b)}code{overflow-wrap:anywhere;font-size:.85em}
        dl.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));
        gap:.75rem;margin:1rem 0}
        .tiles div{background:var(--panel);padding:.75rem 1rem;border-radius:.4rem}
        .tiles dt{color:var(--soft);font-size:.9rem}.tiles dd{margin:0}.tiles .big{font-size:1.5rem;
        font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th,td{padding:.35rem .6rem;text-align:right;border-bottom:1px solid var(--rule);vertical-align:top}
        thead th{color:var(--soft);font-weight:600;font-size:.9rem}
        th:first-child,td.text{text-align:left;overflow-wrap:anywhere;min-width:9rem}tbody th{font-weight:400}
        td.text,th.text{text-align:left}td{white-space:nowrap}
        td.text{min-width:0;white-space:normal}
        .bar{display:block;height:.35rem;background:var(--a);border-radius:.2rem;margin-top:.2rem}
        svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:12px system-ui,sans-serif}
        .grid{stroke:var(--rule);fill:none}rect.a{fill:var(--a)}rect.b{fill:var(--b)}rect.c{fill:var(--c)}
        .line{fill:none;stroke-width:2.5;stroke-linecap:round}.line.a{stroke:var(--a)}
        .line.b{stroke:var(--b);stroke-dasharray:7 5}.line.c{stroke:var(--c);stroke-dasharray:2 5}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.25rem 0}
        .key{display:inline-block;width:1.6rem;border-top:3px solid var(--a);margin:0 .4rem .25rem 0}
        .key.b{border-top:3px dashed var(--b)}.key.c{border-top:3px dotted var(--c)}
        details{margin:.5rem 0}summary{cursor:pointer;color:var(--a)}figure{margin:1rem 0}
        .ways{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.5rem 0}
        dl.words dt{font-weight:600;margin-top:.5rem}dl.words dd{margin:0;max-width:44rem}
        footer{margin-top:3rem;padding-bottom:2rem}
        @media (min-width:40rem){th:first-child{overflow-wrap:break-word}}
        @media (max-width:30rem){svg text{font-size:20px}th,td{padding:.3rem .35rem}}
        @media print{.ways{display:none}:root{--ink:#000;--soft:#333;--paper:#fff;--panel:#fff;--rule:#999;
        --a:#0b5cad;--b:#a83f00;--c:#5c3d99}body{font-size:10pt}
        tr,figure,.tiles div{break-inside:avoid}h2{break-after:avoid}
        .tiles div{border:1px solid var(--rule)}.scroll{overflow:visible}@page{size:A4;margin:15mm}}
        """
}
