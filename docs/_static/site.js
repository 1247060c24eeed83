// Draw the charts in the colours of the page and as wide as it is; tell the table which colours these are.
(() => {
  const AXIS = 72, PANEL = 136; // pixels: beside the panels of small multiples, and of a panel at least
  const NARROW = 500, ROW = 34; // a row of a chart's labels has two lines where the place is narrower
  const asked = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => {
    const theme = document.body.dataset.theme;
    return theme === "dark" || (theme !== "light" && asked.matches);
  };

  // Small multiples do not fit themselves to their place: as many columns as there is room for, and panels that fill it.
  const fitted = (spec, room) => {
    if (spec.height?.step && room < NARROW) return { ...spec, height: { step: ROW } };
    if (!spec.facet) return spec;
    const gap = spec.spacing.column, columns = Math.max(1, Math.min(5, Math.floor((room - AXIS + gap) / (PANEL + gap))));
    return { ...spec, columns, spec: { ...spec.spec, width: Math.floor((room - AXIS + gap) / columns) - gap } };
  };

  // What a reader chose in a menu of Vega's stays chosen when the chart is drawn again.
  const kept = (spec, view) => {
    if (!view || !spec.params) return spec;
    return { ...spec, params: spec.params.map((one) => (one.bind ? { ...one, value: view.signal(one.name) } : one)) };
  };

  // A place of one chart, or of several with a menu. Returns what draws it.
  const place = (data) => {
    const name = data.dataset.chart, charts = JSON.parse(data.textContent);
    const [here, choice, says] = ["", "-choice", "-says"].map((part) => document.getElementById(name + part));
    const bound = choice.appendChild(document.createElement("div")), menu = document.createElement("select");
    let view = null, last = Promise.resolve();
    const drawn = async () => {
      const one = charts[menu.selectedIndex > 0 ? menu.selectedIndex : 0];
      const spec = kept(fitted(one.spec, here.clientWidth), view);
      const options = { actions: false, logLevel: 1, renderer: "svg", loader: { target: "_self" }, bind: bound,
                        theme: isDark() ? "dark" : undefined, config: { background: "transparent" } };
      says.textContent = one.says;
      view?.finalize();
      bound.replaceChildren();
      ({ view } = await window.vegaEmbed(here, spec, options));
    };
    const draw = () => (last = last.then(drawn)); // one after the other, or a menu would stand there twice
    if (charts.length > 1) {
      const label = document.createElement("label");
      label.className = "vega-bind";
      menu.append(...charts.map((one) => new Option(one.name)));
      menu.addEventListener("change", draw);
      label.append(`${data.dataset.menu} `, menu);
      choice.prepend(label);
    }
    return draw;
  };

  addEventListener("DOMContentLoaded", () => {
    const places = [...document.querySelectorAll("script[data-chart]")].map(place);
    let width = innerWidth, soon = 0;
    const draw = () => {
      document.documentElement.classList.toggle("dark", isDark());
      places.forEach((one) => one());
    };
    draw();
    asked.addEventListener("change", draw);
    new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
    addEventListener("resize", () => {
      if (width === innerWidth) return; // a telephone's bar came or went
      width = innerWidth;
      clearTimeout(soon);
      soon = setTimeout(draw, 150);
    });
  });
})();
