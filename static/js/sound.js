/**
 * A short tone for what is told outside the page: two notes, reckoned here, so that nothing is fetched for it. One at a
 * time in all tabs: of many messages at once comes one sound.
 */
/** Hz, one after the other: E5, A5. */
const NOTES = [659.25, 880];
/** Seconds. */
const [STEP, LENGTH, ATTACK] = [0.1, 0.5, 0.01];
/** Of the loudest there is. */
const [LOUD, SILENT] = [0.15, 0.0001];
/** Milliseconds: in which a browser that allows it has begun, and between the beginnings of two. */
const [PATIENCE, APART] = [300, 1000];

const wait = (time) => new Promise((go) => setTimeout(go, time));

/** Resolves to whether it is heard, or one that has just begun: where nobody has clicked yet, browsers let a page make none. */
export function play() {
  return new Promise((tell, fail) => {
    navigator.locks.request("sound", { ifAvailable: true }, (lock) => (lock ? begin(tell) : tell(true))).catch(fail);
  });
}

async function begin(tell) {
  const context = new AudioContext();
  // Not awaited alone: it would wait for that click.
  await Promise.race([context.resume(), wait(PATIENCE)]);
  const isHeard = context.state === "running";
  tell(isHeard);
  if (isHeard) {
    ring(context);
    await wait(APART);
  }
  // A page that keeps one is taken for one that plays something.
  await context.close();
}

function ring(context) {
  const [tone, volume, now] = [context.createOscillator(), context.createGain(), context.currentTime];
  NOTES.forEach((frequency, at) => tone.frequency.setValueAtTime(frequency, now + at * STEP));
  volume.gain.setValueAtTime(SILENT, now);
  volume.gain.exponentialRampToValueAtTime(LOUD, now + ATTACK);
  volume.gain.exponentialRampToValueAtTime(SILENT, now + LENGTH);
  tone.connect(volume).connect(context.destination);
  tone.start();
  tone.stop(now + LENGTH);
}
