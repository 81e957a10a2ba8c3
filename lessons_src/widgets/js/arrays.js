// @ts-check
/**
 * Arrays that cross between Python and the page as bytes, never as text. The other half is `lessons_src/widgets/arrays.py`.
 *
 *   unpack(packed)        → { shape, values: Float64Array } of {dtype: "<f2" | "<f4" | "<f8", shape, data: DataView}
 *   pack(values, shape)   → the same kind of object, as "<f8"
 */

/** @typedef {{ dtype: string, shape: number[], data: DataView }} Packed */

/** @type {Record<string, { bytes: number, read: (view: DataView, at: number) => number }>} */
const DTYPES = {
  "<f2": { bytes: 2, read: (view, at) => float16(view.getUint16(at, true)) },
  "<f4": { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  "<f8": { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/**
 * @param {Packed} packed
 * @returns {{ shape: number[], values: Float64Array }}
 */
export function unpack({ dtype, shape, data }) {
  const type = DTYPES[dtype];
  const values = new Float64Array(data.byteLength / type.bytes);
  return { shape, values: values.map((_, k) => type.read(data, k * type.bytes)) };
}

/**
 * @param {Float64Array} values
 * @param {number[]} shape
 * @returns {Packed}
 */
export function pack(values, shape) {
  const data = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, k) => {
    data.setFloat64(k * 8, value, true);
  });
  return { dtype: "<f8", shape, data };
}

/** @param {number} bits */
function float16(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
