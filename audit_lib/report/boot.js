// Draws every chart anew, live, from the specification beside its still picture. If that fails the picture stays.
(async () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const quiet = (svg, words) => {
    svg.querySelectorAll("[role], [aria-label], [aria-roledescription]").forEach((node) => {
      node.removeAttribute("role");
      node.removeAttribute("aria-label");
      node.removeAttribute("aria-roledescription");
    });
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", words);
  };
  for (const source of document.querySelectorAll('script[type="application/vnd.vegalite.v6+json"]')) {
    const figure = source.closest("figure");
    const place = figure.querySelector(".chart");
    try {
      const spec = JSON.parse(source.textContent);
      const room = Math.floor(place.clientWidth);
      if (room > 0) spec.width = Math.max(260, Math.min(room, 780));
      if (room > 0 && room < 560 && spec.config && spec.config.legend) { spec.config.legend.columns = 1; spec.config.axis.labelLimit = 130; }
      const holder = document.createElement("div");
      await vegaEmbed(holder, spec, { actions: false, renderer: "svg", ast: true, tooltip: { theme: dark ? "dark" : "light" } });
      quiet(holder.querySelector("svg"), place.dataset.alt);
      place.replaceChildren(holder);
      figure.dataset.live = "1";
    } catch (error) {
      figure.dataset.err = String(error);
    }
  }
  document.documentElement.dataset.ready = "1";
})();
// On paper nothing can be opened: what stands nowhere else is unfolded, and folded again afterwards.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details.attest:not([open]), #evidence details:not([open])")];
  unfolded.forEach((one) => { one.open = true; });
});
addEventListener("afterprint", () => unfolded.forEach((one) => { one.open = false; }));
// A link to something inside a closed fold opens the fold.
const reveal = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let one = target && target.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
