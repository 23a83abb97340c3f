/* What the person with the scanner hears and feels, without looking at the page. */

const TONES = {
  // [hertz, start in seconds, length in seconds]
  ok: [[880, 0, 0.09], [1320, 0.09, 0.14]],
  warn: [[660, 0, 0.14], [660, 0.2, 0.14]],
  refused: [[220, 0, 0.45]],
};
const VIBRATIONS = { ok: [60], warn: [60, 80, 60], refused: [300] };

let audio = null;

/** Browsers let a page sound only after a press: call this from one. */
export function allowSound() {
  const Context = window.AudioContext || window.webkitAudioContext;
  if (!Context) return;
  if (!audio) audio = new Context();
  if (audio.state === "suspended") audio.resume().catch(() => {});
}

export function signal(outcome) {
  if (navigator.vibrate) navigator.vibrate(VIBRATIONS[outcome] || []);
  if (!audio || audio.state !== "running") return;
  for (const [hertz, start, length] of TONES[outcome] || []) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const from = audio.currentTime + start;
    tone.frequency.value = hertz;
    tone.type = outcome === "refused" ? "square" : "sine";
    volume.gain.setValueAtTime(0.25, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + length);
  }
}
