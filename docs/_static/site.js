// Draw the charts in the colours of the page, again when a reader changes these; tell the table which they are.
(() => {
  const asked = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => {
    const theme = document.body.dataset.theme;
    return theme === "dark" || (theme !== "light" && asked.matches);
  };
  const draw = () => {
    document.documentElement.classList.toggle("dark", isDark());
    for (const data of document.querySelectorAll("script[data-chart]")) {
      const options = { actions: false, logLevel: 1, renderer: "svg", loader: { target: "_self" }, theme: isDark() ? "dark" : undefined,
                        config: { background: "transparent" }, bind: `#${data.dataset.chart}-choice` };
      document.getElementById(`${data.dataset.chart}-choice`).replaceChildren();
      window.vegaEmbed(document.getElementById(data.dataset.chart), JSON.parse(data.textContent), options);
    }
  };
  addEventListener("DOMContentLoaded", () => {
    draw();
    asked.addEventListener("change", draw);
    new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
  });
})();
