// Sends messages by node-hl7-client as a monitor does: one at a time, again until acknowledged.
//
//     node tests/serve/node_client.mjs FOLDER PORT COUNT
//
// FOLDER is where `npm install node-hl7-client` was run. Sends COUNT messages, and more until its
// input ends. Prints a line of JSON at the end: the control ids that were acknowledged with AA, and
// how often a message was sent again.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [folder, port, count] = process.argv.slice(2);
const { Client, Message } = createRequire(join(resolve(folder), "here.js"))("node-hl7-client");
const ANSWER_MS = 2000; // how long an answer may take before the message is sent again
const PAUSE_MS = 100; // after a connection that failed

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A message of a bed's monitor, written by the library; a Message keeps its bytes. */
function message(number) {
  const made = new Message({
    messageHeader: { msh_9_1: "ORU", msh_9_2: "R01", msh_9_3: "ORU_R01", msh_10: `n${number}`, msh_11_1: "P" },
  });
  made.set("PID.3", "0012^^^HOSP^MR");
  made.set("PID.5", "JONES^BABY BOY");
  made.set("PV1.3", "NICU^^4");
  made.set("OBR.4", "0^MON");
  made.set("OBR.7", "20260528200001+0000");
  made.set("OBX.2", "NM");
  made.set("OBX.3", "147842^MDC_ECG_HEART_RATE^MDC");
  made.set("OBX.4", "1.1.1.1");
  made.set("OBX.5", `${120 + (number % 60)}`);
  made.set("OBX.6", "264864^MDC_DIM_BEAT_PER_MIN^MDC");
  made.set("OBX.11", "R");
  return made;
}

let heard = () => {}; // takes the next answer, or null where the connection is lost
let connection = null;

/** Connect anew: what the library still holds of an old connection is of no use. */
function connect() {
  connection?.close();
  const client = new Client({ host: "127.0.0.1" });
  const made = client.createConnection({ port: Number(port), waitAck: true }, (answer) => {
    const read = answer.getMessage();
    heard({ code: read.get("MSA.1").toString(), id: read.get("MSA.2").toString() });
  });
  made._socket.on("close", () => made === connection && heard(null));
  connection = made;
  return new Promise((done) => {
    made.on("connect", () => done(true));
    made._socket.on("close", () => done(false));
  });
}

/** Send once; return the answer, or null where none came. */
async function send(made) {
  const answer = new Promise((done) => {
    heard = done;
    setTimeout(() => done(null), ANSWER_MS);
  });
  await connection.sendMessage(made);
  return answer;
}

let over = false;
process.stdin.on("end", () => { over = true; }).resume();
const acknowledged = [];
let again = 0;
let up = await connect();
for (let number = 0; number < Number(count) || !over; number++) {
  const made = message(number);
  for (;;) {
    const answer = up ? await send(made) : null;
    if (answer !== null && answer.code === "AA" && answer.id === `n${number}`) break;
    again++;
    await pause(PAUSE_MS);
    up = await connect();
  }
  acknowledged.push(`n${number}`);
}
process.stdout.write(JSON.stringify({ acknowledged, again }) + "\n");
process.exit(0);
