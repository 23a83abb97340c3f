/* The QR reader: ZXing compiled to WebAssembly, from our own copy.
 *
 * The ponyfill is used even where the browser has a BarcodeDetector: on some systems it exists and
 * then answers "service unavailable".
 */
import { BarcodeDetector, prepareZXingModule } from "../../vendor/barcode-detector/ponyfill.js";

// By itself the package would fetch its reader from a CDN.
const READER = new URL("../../vendor/zxing-wasm/zxing_reader.wasm", import.meta.url).href;

prepareZXingModule({
  overrides: { locateFile: (file, prefix) => (file.endsWith(".wasm") ? READER : prefix + file) },
});

/** Returns a function: video element → promise of the text of the QR codes now in view. */
export function createReader() {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video)).map((code) => code.rawValue).filter(Boolean);
}
