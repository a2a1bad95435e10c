"""How the pictures look: one style sheet for timeline and report card, and the few pieces of HTML that both use.

The colours are Okabe and Ito's, which colour-blind people can tell apart. They stand out on white and on black (the
blue is mixed with the text colour), and none of them alone carries a meaning. Every picture brings its style along, so
that it looks right anywhere: in JupyterLab (whose --jp variables set the theme), in nbgrader's feedback, on a plain
page and on paper.
"""

from __future__ import annotations

from ..text import escape

CLASS = "htcondor-view"
NO_FORMULA = "mathjax_ignore tex2jax_ignore"
"""Classes of an element in which a dollar sign does not begin a formula."""
CLASSES = f"{CLASS} {NO_FORMULA}"
"""Those of the outermost element."""
NO_SHORTCUTS = 'data-lm-suppress-shortcuts="true"'
"""The attribute of an element that has the keys for itself, which are JupyterLab's commands everywhere else."""

# JupyterLab styles tables, lists and headings of rendered HTML with up to three classes; naming ours four times
# outweighs that. Here `&` stands for the outermost element, and `@` for anything inside it. :where() adds no
# specificity, so that these rules, repeated by a timeline within a card, do not undo the card's own.
_SHEET = """
&{--bg:var(--jp-layout-color1,#fff);--fg:var(--jp-ui-font-color1,#1b1f24);
 --dim:color-mix(in srgb,var(--fg) 76%,var(--bg));
 --line:var(--jp-border-color2,#d4d8dd);--soft:rgba(127,127,127,.09);--new:#009e73;
 --changed:color-mix(in srgb,#0072b2 65%,var(--fg));--lost:#d55e00;
 --part:#e69f00;--mono:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace);
 background:var(--bg);color:var(--fg);
 font:13px/1.45 var(--jp-ui-font-family,system-ui,"Segoe UI",Roboto,sans-serif);
 box-sizing:border-box;max-width:900px;margin:4px 0 8px;overflow-x:auto;container-type:inline-size;text-align:left;
 print-color-adjust:exact;-webkit-print-color-adjust:exact}
@media (prefers-color-scheme:dark){&{--bg:var(--jp-layout-color1,#15181c);
 --fg:var(--jp-ui-font-color1,#e4e7eb);
 --line:var(--jp-border-color2,#3a4149)}}
@media print{&{--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;overflow:visible}}
@ *{box-sizing:border-box}
@ :where(h3,h4,p,ul,ol,li,dl,dt,dd,table,pre,details,summary){margin:0;padding:0;font:inherit;
 color:inherit;border:0;background:none;letter-spacing:normal;text-align:left;max-width:none;
 width:auto;float:none;overflow:visible}
@ a.jp-InternalAnchorLink{display:none}
@ ul{list-style:none}
@ a{color:var(--changed)}
@ ul li::before,@ ul li::marker,@ h3::before,@ h4::before,@ h3::after,@ h4::after{content:none}
@ :where(code,pre){font-family:var(--mono);font-size:12px;background:none;color:inherit;padding:0;border:0}
@ :where(pre){white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.4}
@ summary{cursor:pointer}
@ summary:focus-visible{outline:2px solid var(--changed);outline-offset:1px}
@ svg{display:block;max-width:100%;overflow:visible}
@ .sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@ .dim{color:var(--dim)}
"""

_TIMELINE = """
@ .wide{position:relative}
@ .bar{padding:2px 0 4px}
@ .bar text{font:12px var(--jp-ui-font-family,system-ui,sans-serif);fill:var(--dim)}
@ .bar svg svg{overflow:hidden}
@ .scale{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 10px;font-size:12px;color:var(--dim)}
@ .bar .in{font-weight:600;fill:var(--fg);stroke:var(--bg);
 stroke-width:3px;paint-order:stroke;stroke-linejoin:round}
@ .bar .ground{fill:var(--bg)}
@ .safe{fill:#009e73;fill-opacity:.32;stroke:#009e73}
@ .gone{fill:#d55e00;fill-opacity:.1;stroke:#d55e00}
@ .hatch{fill:none;stroke:#d55e00;stroke-width:1.3;vector-effect:non-scaling-stroke}
@ .open{fill:none;stroke:var(--dim);stroke-dasharray:3 2}
@ .vain{fill:none;stroke:#d55e00;stroke-dasharray:6 3}
@ .wait{stroke:var(--dim);stroke-width:1.5;stroke-dasharray:1.5 3}
@ .axis{stroke:var(--line)}
@ .legend{display:flex;flex-wrap:wrap;gap:1px 14px;color:var(--dim);font-size:12px;padding:0 0 6px}
@ .legend b{font-family:var(--mono)}
@ ol.rows{list-style:none;border-top:1px solid var(--line)}
@ ol.rows>li{border-bottom:1px solid var(--line);padding:5px 0 6px 12px;border-left:3px solid transparent}
@ ol.rows>li.new{border-left-color:var(--line)}
@ ol.rows>li.saved{border-left-color:var(--new)}
@ ol.rows>li.bad{border-left:3px dashed var(--lost);background:rgba(213,94,0,.06)}
@ ol.rows>li.thin{padding-top:3px;padding-bottom:3px}
@ ol.rows>li::marker{content:none}
@ p.what{font-weight:600;font-size:13px;line-height:1.45;padding-left:76px}
@ p.what .when{font:12px var(--mono);color:var(--dim);
 display:inline-block;min-width:76px;margin-left:-76px}
@ p.what .aside{font-weight:400;color:var(--dim)}
@ p.say{padding-left:76px;color:var(--dim);font-size:12.5px}
@ .dirs{display:grid;grid-template-columns:4.3fr 4.7fr 6.4fr;gap:10px;padding:5px 8px 2px 0}
@ .dir{border:1px solid var(--line);border-radius:5px;padding:3px 8px 5px;min-width:0;background:var(--bg)}
@ .dir.none{border-style:dashed;color:var(--dim)}
@ .dir.fresh{border-color:var(--dim)}
@ .dir>.name{font-size:12px;color:var(--dim);display:flex;justify-content:space-between;
 flex-wrap:wrap;gap:0 8px;
 border-bottom:1px solid var(--line);margin:0 -8px 3px;padding:0 8px 1px}
@ .dir>.name span{white-space:nowrap}
@ .dir>.name>input,@ .dir>.name>.behind{display:none}
@ .f{font-size:12px;line-height:1.5;display:grid;grid-template-columns:13px minmax(0,1fr) auto;column-gap:3px}
@ .f>.m{font:700 12px/1.5 var(--mono);text-align:center}
@ .f>.n{font-family:var(--mono);font-size:12px;overflow-wrap:anywhere;min-width:0}
@ .f .note{font-size:12px;color:var(--dim);white-space:nowrap;padding-left:4px;align-self:center}
@ .f summary{list-style:none;display:inline;text-decoration:underline dotted;text-decoration-color:var(--dim);
 text-underline-offset:2.5px}
@ .f summary::-webkit-details-marker{display:none}
@ .f.same>.n{color:var(--dim)}
@ .f.new>.m{color:var(--new)}
@ .f.changed>.m{color:var(--changed)}
@ .f.lost>.m{color:var(--lost)}
@ .f.missing>.m{color:var(--lost)}
@ .f.lost>.m{font-size:16px;line-height:1.1}
@ .f.lost .note,@ .f.missing .note{color:var(--fg)}
@ .f.missing>.n{font-weight:700}
@ .f.gone>.n{color:var(--dim)}
@ .f.whole summary{text-decoration:line-through;text-decoration-color:var(--dim)}
@ .f.lost.whole summary{text-decoration-color:var(--lost)}
@ .f mark{background:rgba(230,159,0,.35);color:inherit;border-radius:2px;padding:0 2px;margin:0 -2px;
 outline:1px solid var(--part)}
@ .nothing{font-size:12px;font-style:italic;color:var(--dim);padding:1px 0 0 2px}
@ .f details{min-width:0}
@ .f pre{border-left:2px solid var(--line);padding:1px 0 1px 6px;margin:2px 0 4px;
 font-size:12px;color:var(--fg);
 max-height:210px;overflow:auto}
@ .more{font-size:12px;color:var(--dim);padding-left:16px}
@ .more>summary{margin-left:-13px}
@ .more>div{margin-left:-16px}
@ .break{display:block;width:calc(100% + 16px);max-width:none;height:9px;margin:5px -8px 3px}
@ .break path{fill:none;stroke:var(--lost);stroke-width:1.6;vector-effect:non-scaling-stroke}
@ .lostline{font-weight:600;font-size:12px}
@ .lostline .x{color:var(--lost);font-size:16px;line-height:1}
@ ol.rows>li.fold{padding:0;border-left:0}
@ .fold>details>summary{padding:4px 0 4px 15px;color:var(--dim);background:var(--soft)}
@ .fold>details[open]>summary{border-bottom:1px solid var(--line)}
@ .fold ol.rows{border-top:0}
@ .fold ol.rows>li:last-child{border-bottom:0}
@container (max-width:599px){
@ .bar .roomy{display:none}
@ .scale>span:nth-child(2){order:1;flex-basis:100%}
@ .dirs{grid-template-columns:minmax(0,1fr)}
@ .dir.none{display:none}
@ p.what{padding-left:0}
@ p.what .when{display:block;margin-left:0}
@ p.say{padding-left:0}
}
@media screen{@container (max-width:599px){
@ .dirs:has(input){gap:4px;align-content:start}
@ .dir>.name:has(>input){position:relative;justify-content:start;line-height:24px}
@ .dir>.name:has(>input)::before{content:"▾"}
@ .dir>.name:has(>input:not(:checked))::before{content:"▸"}
@ .dir>.name>input{display:block;position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
@ .dir>.name:has(>input:focus-visible){outline:2px solid var(--changed);outline-offset:1px}
@ .dir>.name>.side{margin-left:auto}
@ .dir:has(>.name>input:not(:checked)){padding-bottom:0}
@ .dir:has(>.name>input:not(:checked))>.name{margin-bottom:0;border-bottom:0}
@ .dir:has(>.name>input:not(:checked))>:not(.name),@ .dir>.name>input:not(:checked)~.side{display:none}
@ .dir>.name>input:not(:checked)~.behind{display:inline;margin-left:auto;color:var(--fg)}
}}
"""

_PICTURE = """
@ .picture{border-left:3px solid transparent;border-top:1px solid var(--line);padding:6px 0 6px 12px}
@ .picture.new{border-left-color:var(--line)}
@ .picture.saved{border-left-color:var(--new)}
@ .picture.bad{border-left:3px dashed var(--lost);background:rgba(213,94,0,.06)}
"""

_FRAME = """
.htcondor-panel &{background:none}
@ .frame{min-height:370px}
@ .phase{display:flex;flex-wrap:wrap;gap:0 16px;font-variant-numeric:tabular-nums}
@ .phase b{min-width:76px}
@ .phase i{display:inline-block;width:12px;height:10px;border-radius:2px}
@ .phase .dim{margin-left:auto}
@ .kept{background:#009e73}
@ .risk{background:repeating-linear-gradient(135deg,#e69f00 0 5px,var(--bg) 5px 8px);outline:1px solid #e69f00;
 outline-offset:-1px}
@ .phase .lost{background:repeating-linear-gradient(45deg,#d55e00 0 2px,var(--bg) 2px 5px);outline:1px solid #d55e00;
 outline-offset:-1px}
@ .progress{display:flex;height:14px;border:1px solid var(--dim);border-radius:4px;overflow:hidden;margin:3px 0 9px}
@ .progress i{display:block;height:100%}
@ .past{min-height:46px}
@ .frame .dirs{min-height:240px}
@ .events>summary{color:var(--dim)}
@ .events>ol{list-style:none;border-left:2px solid var(--line);padding-left:8px;margin-bottom:4px}
@ .events p.what{font-weight:400}
@container (max-width:599px){
@ .frame .dirs{min-height:0}
}
"""

_STEPS = """
@ .step>.stop{display:none}
@media screen{@supports selector(:has(*)){
@ .steps{display:grid;grid-template-columns:repeat(var(--stops),minmax(0,1fr));row-gap:4px}
@ .step{display:contents}
@ .step>.stop{display:block;grid-row:1;position:relative;text-align:center;cursor:pointer;padding:3px 0;
 font-size:12px;color:var(--dim);font-variant-numeric:tabular-nums}
@ .stop::before{content:"";position:absolute;left:0;right:0;top:50%;border-top:2px solid var(--line)}
@ .step:first-child>.stop::before{left:50%}
@ .step:last-child>.stop::before{right:50%}
@ .stop>input{position:absolute;inset:0;margin:0;opacity:0;cursor:pointer}
@ .stop>span{position:relative;display:inline-block;min-width:24px;line-height:20px;padding:0 3px;border-radius:13px;
 background:var(--bg);border:2px solid var(--line)}
@ .stop.saved>span{border-color:var(--new)}
@ .stop.bad>span{border-color:var(--lost);border-style:dashed}
@ .stop:hover>span{color:var(--fg)}
@ .stop>input:checked+span{background:var(--changed);border-color:var(--changed);border-style:solid;color:var(--bg);
 font-weight:700}
@ .stop>input:focus-visible+span{outline:2px solid var(--changed);outline-offset:2px}
@ .step>.picture{grid-row:2;grid-column:1/-1;visibility:hidden;display:flex;flex-direction:column}
@ .picture>.dirs{flex:1}
@ .stop:has(:checked)+.picture,@ .steps:not(:has(:checked))>.step:first-child>.picture{visibility:visible}
}}
"""

_CARD = """
@ .box{border:1px solid var(--line);border-left:5px solid var(--tone);border-radius:6px;padding:9px 14px 11px}
@ .box.passed{--tone:var(--new)}
@ .box.part{--tone:var(--part)}
@ .box.wrong{--tone:var(--lost)}
@ .box.not{--tone:var(--dim)}
@ .box.could{--tone:#cc79a7}
@ .head{display:flex;align-items:baseline;gap:10px;flex-wrap:wrap}
@ h3.title{font-size:14.5px;font-weight:600;flex:1 1 auto}
@ .status{font-weight:600;font-size:12.5px;border:1.5px solid var(--tone);
 border-radius:11px;padding:0 10px 0 8px;
 white-space:nowrap}
@ .points{font-variant-numeric:tabular-nums;white-space:nowrap;color:var(--dim)}
@ .points b{color:var(--fg);font-size:14px}
@ p.headline{padding:4px 0 2px}
@ table.trials{border-collapse:collapse;width:100%;table-layout:auto;
 margin:7px 0 3px;font-size:12.5px;display:table}
@ table.trials thead{border:0;vertical-align:baseline}
@ table.trials tr,@ table.trials tbody tr:nth-child(odd),@ table.trials tbody tr:nth-child(even),
@ table.trials tbody tr:hover{background:none}
@ table.trials th,@ table.trials td{border:0;border-top:1px solid var(--line);padding:3px 10px 3px 0;
 text-align:left;vertical-align:baseline;font-weight:400;background:none;max-width:none;
 white-space:normal;color:inherit}
@ table.trials thead th{color:var(--dim);font-size:12px;border-top:0}
@ table.trials tbody th{font-weight:600}
@ table.trials .num{text-align:right;padding-right:0;font-variant-numeric:tabular-nums;white-space:nowrap}
@ table.trials .mark{white-space:nowrap}
@ .mark i{font-style:normal;font-weight:700;display:inline-block;width:15px}
@ .mark.yes i{color:var(--new)}
@ .mark.no i{color:var(--lost)}
@ .mark.none{color:var(--dim)}
@ .part-of{margin-top:9px}
@ h4{font-weight:600;font-size:12.5px;margin-bottom:3px;padding-top:7px;border-top:1px solid var(--line)}
@ details.part-of>summary>h4{display:inline;border-top:0;padding-top:0}
@ .hint{margin-top:7px;padding-left:12px;border-left:2px solid var(--line)}
@ .hint>summary{font-weight:600;font-size:12.5px;margin-left:-2px}
@ .hint>p{padding:2px 0 0}
@ ul.facts>li{padding:2px 0 3px}
@ ul.facts code.place{font-weight:600;margin-right:7px}
@ .pair{display:grid;grid-template-columns:auto minmax(0,1fr);margin:2px 0 2px;
 font-family:var(--mono);font-size:12px;
 border-left:2px solid var(--line)}
@ .pair>dt,@ .pair>dd{width:auto;float:none;display:block;margin:0;font-weight:400}
@ .pair>dt{padding:1px 10px 1px 8px;color:var(--dim)}
@ .pair>dd{padding:1px 8px;white-space:pre-wrap;overflow-wrap:anywhere}
@ .pair>.want{background:rgba(0,158,115,.12)}
@ .pair>.have{background:rgba(213,94,0,.13)}
@ .pair em{font-style:italic;color:var(--dim)}
@ abbr{text-decoration:underline dotted;text-decoration-color:var(--dim);text-underline-offset:2.5px;cursor:help}
@ dl.glossary>dt{margin-top:7px}
@ dl.glossary>dd{margin:0 0 0 14px}
@ pre.code{background:var(--soft);border-radius:4px;padding:6px 9px;margin:3px 0}
"""


def sheet(*parts: str) -> str:
    """The <style> element with the common rules and these parts."""
    rules = "".join((_SHEET, *parts)).strip()
    own = f".{CLASS}" * 4
    return f"<style>{rules.replace('@ ', own + ' ').replace('&', own)}</style>"


def nothing_sheet() -> str:
    """The style of an empty result: JupyterLab hides it, including its number."""
    return "<style>.jp-OutputArea-child:has(.htcondor-nothing){display:none}</style>"


NOTHING_TO_SEE = f'{nothing_sheet()}<i class="htcondor-nothing"></i>'


def timeline_sheet() -> str:
    """The style of a timeline."""
    return sheet(_TIMELINE)


def steps_sheet() -> str:
    """The style of a story shown step by step."""
    return sheet(_TIMELINE, _PICTURE, _STEPS)


def frame_sheet() -> str:
    """The style of a live panel's picture."""
    return sheet(_TIMELINE, _PICTURE, _FRAME)


def card_sheet() -> str:
    """The style of a report card and its content."""
    return sheet(_CARD)


def spoken(text: str) -> str:
    """Text for screen readers, in place of a symbol."""
    return f'<span class="sr">{escape(text)}</span>'
