import { deviceOf } from '@evenkeel/flow/loader/device.ts';
import { deviceNames } from '@evenkeel/flow/loader/device-names.ts';
import { NetworkNews, ROUTING4 } from '@evenkeel/flow/loader/network-news.ts';
import { Routes } from '@evenkeel/flow/loader/routes.ts';
import type { Logger } from 'pino';
import { AnswerPaths, type AnswerSource } from './answer-paths.ts';
import { parameterOf } from './node-network.ts';

/** As the kernel of this machine says it; null where it cannot be asked, which the log says. */
export function answersOfKernel(log: Logger): AnswerPaths | null {
  const notKnown = (error: unknown) =>
    log.warn({ err: error }, 'whether the kernel takes answers of targets for forged is not known');
  try {
    const routes = new Routes();
    const news = new NetworkNews(ROUTING4);
    const source: AnswerSource = {
      routeTo: (address) => routes.to(address),
      holder: (address) => routes.holder(address),
      isForged: (from, destination, device) => routes.isForged(from, destination, device),
      isNews: () => news.take(),
      deviceName: (device) => deviceNames().find((name) => deviceOf(name)?.index === device) ?? `device ${device}`,
      parameter: (device, name) => parameterOf(`net/ipv4/conf/${device}/${name}`),
      close: () => {
        routes.close();
        news.close();
      },
    };
    return new AnswerPaths(source, notKnown);
  } catch (error) {
    notKnown(error);
    return null;
  }
}
