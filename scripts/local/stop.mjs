/** `npm stop`: stops what `npm start` left running. Plain JavaScript, so that it works with nothing installed. */
import { emulatorLives, endRun, forgetRun, ownerLives, readRun } from '../emulators/run-record.mjs';

const run = readRun();
if (run && (emulatorLives(run) || ownerLives(run))) {
  await endRun(run);
  console.log(`Stopped the emulator on ${run.endpoint} and removed its environment files.`);
} else {
  forgetRun();
  console.log('Nothing of this project is running.');
}
