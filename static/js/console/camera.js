/* The camera: opens it, looks several times a second, closes it while nobody looks. */

const LOOKS_PER_SECOND = 6;

/** Why a camera did not open, in one word that the page has a sentence for. */
export function reasonOf(error) {
  if (!error) return "failed";
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "denied";
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return "missing";
  if (error.name === "NotReadableError" || error.name === "AbortError") return "busy";
  return "failed";
}

/** Browsers hand out the camera on https (and localhost) only. */
export const isPossible = () => Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);

export class Camera {
  /**
   * `read` is the reader's function; `onCode(text)` hears every sighting, the same code too;
   * `onBroken()` hears that the reader itself does not work.
   */
  constructor({ video, read, onCode, onBroken }) {
    Object.assign(this, { video, read, onCode, onBroken, facing: "environment", stream: null });
    document.addEventListener("visibilitychange", () => this.followVisibility());
  }

  get isOpen() {
    return this.stream !== null;
  }

  /** Rejects with the browser's error when there is no camera to have. */
  async open() {
    this.close();
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: this.facing }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    this.stream = stream;
    this.wanted = true;
    this.video.srcObject = stream;
    this.video.classList.toggle("is-mirrored", this.facing === "user");
    await this.video.play();
    this.look(stream);
  }

  close() {
    this.wanted = false;
    this.release();
  }

  async turn() {
    this.facing = this.facing === "environment" ? "user" : "environment";
    await this.open();
  }

  release() {
    if (!this.stream) return;
    for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  /** A page in the background neither sees nor drains the battery. */
  followVisibility() {
    if (document.hidden) {
      this.release();
    } else if (this.wanted && !this.stream) {
      this.open().catch(() => {});
    }
  }

  async look(stream) {
    let failures = 0;
    while (this.stream === stream) {
      if (this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        try {
          for (const text of await this.read(this.video)) this.onCode(text);
          failures = 0;
        } catch (error) {
          failures += 1;
          if (failures === LOOKS_PER_SECOND) {
            console.error(error);
            this.onBroken();
            return;
          }
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 / LOOKS_PER_SECOND));
    }
  }
}
