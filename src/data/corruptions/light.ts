import { byteOf, type Corruption, eachPixel, type Images, strengthOf } from './images.js';

/** Each channel of a picture is drawn to its mean: to 0.75, 0.5, 0.4, 0.3 or 0.15 of its distance from it. */
export const contrast: Corruption = (images, { severity }) => {
  const share = strengthOf('contrast', images, severity, [0.75, 0.5, 0.4, 0.3, 0.15]);
  const size = images.shape[2] * images.shape[3];
  const means = Float64Array.from(
    { length: images.data.length / size },
    (_, p) => images.data.subarray(p * size, (p + 1) * size).reduce((a, b) => a + b, 0) / (255 * size),
  );
  return eachPixel(images, (v, i) => {
    const mean = means[Math.floor(i / size)];
    return (v - mean) * share + mean;
  });
};

/**
 * The value of hue, saturation and value, the largest of the channels of a pixel, raised by 0.05, 0.1, 0.15, 0.2 or 0.3 up to white; the
 * channels keep their ratio, and black becomes grey.
 */
export const brightness: Corruption = (images, { severity }) => {
  const raise = strengthOf('brightness', images, severity, [0.05, 0.1, 0.15, 0.2, 0.3]);
  const [n, channels, height, width] = images.shape;
  const size = height * width;
  const data = new Uint8Array(images.data.length);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < size; k++) {
      const pixel = Array.from({ length: channels }, (_, c) => (i * channels + c) * size + k);
      const value = Math.max(...pixel.map((at) => images.data[at] / 255));
      const raised = Math.min(1, value + raise);
      for (const at of pixel) data[at] = byteOf(value > 0 ? (images.data[at] / 255) * (raised / value) : raised);
    }
  return { ...images, data } as Images;
};
