package timeline

// style is the look of a picture. It names no font that must be there, and
// turns dark with the page, though never on paper. Everything is scoped to the
// picture, which may be part of an HTML page.
const style = `<style>
.tl{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
.tl .bg{fill:#fff}.tl text{fill:#1f2328}.tl .h1{font-size:20px;font-weight:600}.tl .strong{font-weight:600}
.tl .soft{fill:#656d76}.tl .tick{fill:#656d76;font-size:11px}.tl .grid{stroke:#eaeef2}
.tl .wait{fill:#8c959f;opacity:.45}.tl .hatch{stroke:#656d76}.tl .skip{stroke:#8c959f;stroke-width:1.5;stroke-dasharray:2 4}
.tl .run{fill:#54a0f8}.tl .done{fill:#1f883d}.tl .fail{fill:#d1242f}.tl .back{fill:#d4a017}.tl .other{fill:#8250df}
.tl .tail{fill:#1f883d;opacity:.3}.tl .note{font-size:11px;fill:#656d76;stroke:#fff;stroke-width:5;stroke-linejoin:round;paint-order:stroke}.tl .bad{fill:#c01f2b}
.tl .mark{fill:none;stroke:#fff;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.tl .crit{fill:none;stroke:#1f2328;stroke-width:2}.tl .link{fill:none;stroke:#1f2328;stroke-width:1.5;stroke-linejoin:round}
@media screen and (prefers-color-scheme:dark){
.tl .bg{fill:#0d1117}.tl text{fill:#e6edf3}
.tl .soft,.tl .tick,.tl .note{fill:#9198a1}.tl .grid{stroke:#21262d}
.tl .wait{fill:#6e7681}.tl .hatch{stroke:#9198a1}.tl .skip{stroke:#6e7681}
.tl .run{fill:#388bfd}.tl .done,.tl .tail{fill:#3fb950}.tl .fail{fill:#f85149}.tl .back{fill:#d29922}.tl .other{fill:#a371f7}
.tl .note{stroke:#0d1117}.tl .bad{fill:#ff7b72}.tl .mark{stroke:#0d1117}.tl .crit,.tl .link{stroke:#e6edf3}
}
</style>
`

// hatching is the pattern of what waits; its verb is where the ids begin.
const hatching = `<defs><pattern id="%s-wait" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V5" stroke-width="2"/></pattern></defs>
`
