// A value that components follow.
import { useEffect, useState } from "preact/hooks";

export function signal(value) {
  const followers = new Set();
  return {
    get value() { return value; },
    set value(next) { value = next; followers.forEach((follower) => follower(next)); },
    follow(follower) { followers.add(follower); return () => followers.delete(follower); },
  };
}

export function useSignal(source) {
  const [value, set] = useState(source.value);
  useEffect(() => source.follow((next) => set(() => next)), [source]);
  return value;
}
