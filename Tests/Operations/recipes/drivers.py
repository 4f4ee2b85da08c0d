"""Programs that call into a recipe. With PAYMENTS and NAME they pay so many times, a third of a second apart.

Without, they pay twenty times at once, have the token revoked, and pay twenty times more.
"""

NODE = """
import { setTimeout as pause } from 'node:timers/promises';
import { callProvider } from './pay.mjs';
const pay = (name, n) => callProvider('/payments', { n }, `${name}-${n}`);
const herd = (name) => Promise.all(Array.from({ length: 20 }, (_, n) => pay(`herd-${name}`, n)));
if (process.env.PAYMENTS) {
  for (let n = 0; n < Number(process.env.PAYMENTS); n++) {
    await pay(process.env.NAME, n);
    await pause(333);
  }
} else {
  await herd('a');
  await fetch(process.env.CONTROL, { method: 'POST', body: JSON.stringify({ client_id: process.env.ACCOUNT }),
    headers: { 'content-type': 'application/json' } });
  await herd('b');
}
"""

PYTHON = """
import json, os, time, urllib.request
from concurrent.futures import ThreadPoolExecutor
from pay import call_provider

def pay(name, n):
    call_provider("/payments", {"n": n}, f"{name}-{n}")

def herd(name):
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: pay(f"herd-{name}", n), range(20)))

if "PAYMENTS" in os.environ:
    for n in range(int(os.environ["PAYMENTS"])):
        pay(os.environ["NAME"], n)
        time.sleep(0.333)
else:
    herd("a")
    body = json.dumps({"client_id": os.environ["ACCOUNT"]}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(os.environ["CONTROL"], body, headers)).read()
    herd("b")
"""


def java(recipe: str) -> str:
    """Calls the recipe's class, and Kotlin's functions, which are those of a class too."""
    return """
import java.net.URI;
import java.net.http.*;
import java.util.*;
import java.util.concurrent.*;

public class Driver {
    static Object pay(String name, int n) throws Exception {
        return RECIPE.callProvider("/payments", "{\\"n\\": " + n + "}", name + "-" + n);
    }

    static void herd(String name) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(20);
        List<Callable<Object>> payments = new ArrayList<>();
        for (int n = 0; n < 20; n++) {
            int number = n;
            payments.add(() -> pay("herd-" + name, number));
        }
        for (Future<Object> payment : pool.invokeAll(payments)) payment.get();
        pool.shutdown();
    }

    static void steadily(int count) throws Exception {
        for (int n = 0; n < count; n++) {
            pay(System.getenv("NAME"), n);
            Thread.sleep(333);
        }
    }

    static void herds() throws Exception {
        herd("a");
        String body = "{\\"client_id\\": \\"" + System.getenv("ACCOUNT") + "\\"}";
        HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(System.getenv("CONTROL")))
            .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body))
            .build(), HttpResponse.BodyHandlers.discarding());
        herd("b");
    }

    public static void main(String[] arguments) {
        try {
            if (System.getenv("PAYMENTS") == null) herds();
            else steadily(Integer.parseInt(System.getenv("PAYMENTS")));
        } catch (Throwable problem) {
            problem.printStackTrace();
            System.exit(1);
        }
        System.exit(0);
    }
}
""".replace("RECIPE", recipe)
