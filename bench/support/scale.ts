// From a value to its place on an axis, and the values that the axis shows.

export interface Scale {
  /** Where a value is, in pixels. */
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

export interface ScaleOptions {
  readonly values: readonly number[];
  /** The pixels of the least and of the most. */
  readonly from: number;
  readonly to: number;
  readonly isLogarithmic: boolean;
}

/** Without a logarithm, the axis begins at 0. */
export function createScale(options: ScaleOptions): Scale {
  return options.isLogarithmic ? createLogarithmic(options) : createLinear(options);
}

function createLinear({ values, from, to }: ScaleOptions): Scale {
  const most = Math.max(...values) * 1.02;
  const step = roundUp(most / 5);
  const end = Math.ceil(most / step) * step;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step);
  return { place: (value) => from + ((to - from) * value) / end, ticks };
}

/** 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power;
}

function createLogarithmic({ values, from, to }: ScaleOptions): Scale {
  const [least, most] = [Math.min(...values) / 1.1, Math.max(...values) * 1.1];
  const powers = Array.from({ length: 24 }, (_, index) => 10 ** (index - 9));
  const factors = most / least < 100 ? [1, 2, 5] : [1];
  const ticks = powers
    .flatMap((power) => factors.map((factor) => factor * power))
    .filter((tick) => tick >= least && tick <= most);
  const place = (value: number): number => from + ((to - from) * Math.log(value / least)) / Math.log(most / least);
  return { place, ticks };
}
