// A time series. uPlot is loaded with the page that needs it, its colours come from the style sheet.
import { html } from "./html.js";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(width, height, names, colors, unit) {
  const axis = { stroke: css("--dim"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  return {
    width, height, cursor: { points: { size: 6 }, y: false }, legend: { live: true },
    scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.1, unit === "s" ? 0.01 : 1)] } },
    axes: [{ ...axis, incrs: [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200], values: (_, at, __, ___, step) => at.map((t) => new Date(t * 1000).toLocaleTimeString("en-GB").slice(0, step < 60 ? 8 : 5)) }, { ...axis, size: 48, values: (_, values) => values.map((v) => (unit === "s" ? `${v < 1 ? Math.round(v * 1000) + " ms" : v + " s"}` : v)) }],
    series: [{ value: "{HH}:{mm}:{ss}" }, ...names.map((label, i) => ({
      label, stroke: css(colors[i]) || colors[i], width: 1.75, points: { show: false },
      value: (_, v) => (v == null ? "–" : unit === "s" ? (v < 1 ? `${Math.round(v * 1000)} ms` : `${v.toFixed(1)} s`) : v.toFixed(1)) }))],
  };
}

export function Plot({ data, names, colors, height = 180, unit = "", empty = "Nothing yet." }) {
  const place = useRef();
  const plot = useRef();
  const enough = data[0].length > 1;
  useEffect(() => {
    const element = place.current;
    if (!enough || !element) return undefined; // it may be gone before its effect runs
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element.clientWidth, height, names, colors, unit), data, element);
    };
    make();
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", make);
    return () => { sizes.disconnect(); dark.removeEventListener("change", make); plot.current?.destroy(); plot.current = null; };
  }, [enough, height]);
  useEffect(() => { plot.current?.setData(data); }, [data]);
  return html`<div class="plot" ref=${place}>${!enough && html`<p class="dim">${empty}</p>`}</div>`;
}
