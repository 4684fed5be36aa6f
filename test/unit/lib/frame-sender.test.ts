import { EventEmitter } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { FrameSender } from "#lib/rpc/frame-sender.ts";

/** A stream that is full after so many messages, until it is drained. */
class Pipe extends EventEmitter {
  readonly messages: (readonly number[])[] = [];
  room = Number.POSITIVE_INFINITY;

  write(frames: readonly number[]): boolean {
    this.messages.push(frames);
    this.room -= 1;
    return this.room > 0;
  }
}

function senderOver(pipe: Pipe) {
  let rooms = 0;
  let counted = 0;
  const count = {
    sent(frames: number) {
      counted += frames;
    },
  };
  const sender = new FrameSender<number, readonly number[]>(
    pipe,
    (frames) => frames,
    count,
    () => {
      rooms += 1;
    },
  );
  return { sender, rooms: () => rooms, counted: () => counted };
}

test("frames of one turn are one message, in order; those of the next another", async () => {
  const pipe = new Pipe();
  const { sender, counted } = senderOver(pipe);
  for (const frame of [1, 2, 3]) sender.send(frame, 10);
  expect(pipe.messages).toEqual([]);
  await nextTurn();
  sender.send(4, 10);
  await nextTurn();
  expect(pipe.messages).toEqual([[1, 2, 3], [4]]);
  expect(counted()).toBe(4);
});

test("a message is closed before it is too large, and a frame that is too large is one of its own", async () => {
  const pipe = new Pipe();
  const { sender } = senderOver(pipe);
  for (const frame of [1, 2, 3, 4, 5, 6]) sender.send(frame, 65_536);
  sender.send(7, 800_000);
  sender.send(8, 1);
  await nextTurn();
  expect(pipe.messages).toEqual([[1, 2, 3], [4, 5, 6], [7], [8]]);
});

test("while the stream is full frames wait, and go on in order when it is drained", async () => {
  const pipe = new Pipe();
  pipe.room = 1;
  const { sender, rooms } = senderOver(pipe);
  sender.send(1, 200_000);
  sender.send(2, 200_000);
  await nextTurn();
  expect([pipe.messages, sender.isFull]).toEqual([[[1]], true]);
  sender.send(3, 10);
  await nextTurn();
  expect(pipe.messages).toEqual([[1]]);
  pipe.room = 10;
  pipe.emit("drain");
  expect([pipe.messages, sender.isFull, rooms()]).toEqual([[[1], [2, 3]], false, 1]);
});

test("at its end it sends what is there, full or not, and nothing after", async () => {
  const pipe = new Pipe();
  pipe.room = 1;
  const { sender } = senderOver(pipe);
  sender.send(1, 10);
  await nextTurn();
  sender.send(2, 10);
  sender.end();
  sender.send(3, 10);
  await nextTurn();
  expect(pipe.messages).toEqual([[1], [2]]);
});
