// The bell as a short tone, made by the browser.

let context = null;
let lastMs = 0;

// At most five a second, however often programs ring.
export function beep() {
  const nowMs = performance.now();
  if (nowMs - lastMs < 200) return;
  lastMs = nowMs;
  context ??= new AudioContext();
  const tone = context.createOscillator();
  const volume = context.createGain();
  const start = context.currentTime;
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.08, start);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.12);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + 0.12);
}
