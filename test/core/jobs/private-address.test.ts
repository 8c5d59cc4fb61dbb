/** Which addresses a webhook may be sent to: the public ones, whatever they look like. */

import { expect, it } from "vitest";
import { isPublicAddress, isPublicHost } from "../../../src/core/jobs/private-address.ts";

it("[J17] private, local and reserved addresses are none of the public ones", () => {
  const inward = [
    ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.169.254", "172.16.0.1"],
    ...["172.31.255.255", "192.168.1.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "255.255.255.255", "192.0.2.1"],
    ...["::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"],
    ...[
      "2001:db8::1",
      "2001::1",
      "2002:a00:1::",
      "2002:7f00:1::1",
      "3fff::1",
      "1:2:3",
      "nonsense",
      "1.2.3",
      "256.1.1.1",
      "",
    ],
  ];
  expect(inward.filter(isPublicAddress)).toEqual([]);
  const outward = [
    "1.1.1.1",
    "93.184.216.34",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.0.1",
    "2606:4700::1111",
    "2a00::1",
    "2002:101:101::",
  ];
  expect(outward.filter((address) => !isPublicAddress(address))).toEqual([]);
});

it("[J17] a name that only this network knows is not public", () => {
  const hosts = [
    "localhost",
    "a.localhost",
    "db",
    "printer.local",
    "x.internal",
    "home.arpa",
    "10.0.0.1",
    "[::1]",
    "localhost.",
  ];
  expect(hosts.filter(isPublicHost)).toEqual([]);
  expect(
    ["example.com", "1.1.1.1", "[2606:4700::1111]", "local.example.com"].filter((host) => !isPublicHost(host)),
  ).toEqual([]);
});
