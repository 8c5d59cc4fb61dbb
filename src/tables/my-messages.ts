/** YOURS. What a person has written, in whatever room: messages lie in an object a room, so this reads their copies in D1. */

import { rsql } from "ledge";
import { view } from "ledge/read-model";
import { messages } from "./messages.ts";

export const myMessages = view("my_messages", {
  of: messages,
  auth: { read: (user) => rsql`authorId==${user.id}` },
});
