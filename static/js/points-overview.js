// Draws the two charts of the office's overview (uPlot). The numbers stand in the page's table too.

const COLOURS = {
  issued: "#1d6668",
  redeemed: "#b23a22",
  given: "#f0b03a",
  lapsed: "#8a7862",
  outstanding: "#1d6668",
};
const HEIGHT = 260;

const data = JSON.parse(document.getElementById("points-by-month").textContent);
const number = new Intl.NumberFormat(document.documentElement.lang || "zh-Hans");
const positions = data.months.map((_month, at) => at);

function axes() {
  const style = getComputedStyle(document.body);
  const line = { stroke: "rgba(128, 118, 105, 0.25)", width: 1 };
  const text = { stroke: style.color, font: `12px ${style.fontFamily}` };
  return [
    {
      ...text,
      grid: { show: false },
      ticks: line,
      incrs: [1, 2, 3, 6, 12],
      space: 64,
      values: (_chart, splits) => splits.map((at) => data.months[at] ?? ""),
    },
    { ...text, grid: line, ticks: line, size: 64, values: (_chart, splits) => splits.map((n) => number.format(n)) },
  ];
}

const month = {
  label: data.names.month,
  value: (_chart, at) => (at === null ? "–" : (data.months[at] ?? "–")),
};

// Bars lie over one another: the whole first, then what is left of it without the last part.
function bar(name, fill) {
  return {
    label: data.names[name],
    fill,
    stroke: fill,
    width: 0,
    paths: uPlot.paths.bars({ size: [0.6, 44] }),
    points: { show: false },
    value: (_chart, _drawn, _series, at) => (at === null ? "–" : number.format(data[name][at])),
  };
}

function below(...names) {
  return positions.map((at) => -names.reduce((sum, name) => sum + data[name][at], 0));
}

function draw(element, options, values) {
  const chart = new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      scales: { x: { time: false, range: [-0.6, Math.max(positions.length - 0.4, 0.6)] } },
      axes: axes(),
      cursor: { y: false, points: { show: false } },
      ...options,
    },
    values,
    element,
  );
  new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT })).observe(element);
}

draw(
  document.getElementById("flow-chart"),
  {
    series: [month, bar("issued", COLOURS.issued), bar("lapsed", COLOURS.lapsed), bar("given", COLOURS.given), bar("redeemed", COLOURS.redeemed)],
  },
  [positions, data.issued, below("redeemed", "given", "lapsed"), below("redeemed", "given"), below("redeemed")],
);

draw(
  document.getElementById("stock-chart"),
  {
    series: [
      month,
      {
        label: data.names.outstanding,
        stroke: COLOURS.outstanding,
        fill: "rgba(29, 102, 104, 0.12)",
        width: 2,
        points: { show: true, size: 6, fill: COLOURS.outstanding },
        value: (_chart, sum) => (sum === null ? "–" : number.format(sum)),
      },
    ],
  },
  [positions, data.outstanding],
);
