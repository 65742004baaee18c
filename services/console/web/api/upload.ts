import type { api } from "@v6meter/schemas";
import { key, signOut } from "../session/session.ts";
import { ApiProblem, addressOf, type Question } from "./client.ts";

/** Media types by the end of a file's name, as the API takes rows. */
const TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  json: "application/json",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** Sends a file and tells how much of it has gone, as a part of 1. Throws ApiProblem. */
export function upload<T>(question: Question, file: File, onProgress: (sent: number) => void): Promise<T> {
  const type = TYPES[file.name.split(".").at(-1)?.toLowerCase() ?? ""] ?? (file.type || "text/csv");
  // fetch() does not tell how much of a body has gone.
  const request = new XMLHttpRequest();
  request.open("POST", addressOf(question));
  request.setRequestHeader("authorization", `Bearer ${key.value}`);
  request.setRequestHeader("accept", "application/json");
  request.setRequestHeader("content-type", type);
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new ApiProblem(0, "UNREACHABLE", ""));
    request.onload = () => {
      const { status, statusText, responseText } = request;
      try {
        const answer = JSON.parse(responseText) as T & api.Problem;
        if (status < 300) return resolve(answer);
        if (status === 401) signOut("expired");
        reject(new ApiProblem(status, answer.code, answer.detail));
      } catch {
        reject(new ApiProblem(status, "UNREADABLE", statusText));
      }
    };
    request.send(file);
  });
}
