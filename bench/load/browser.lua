-- Requests as a browser sends them: 12 headers, about 600 bytes. The request is static, so wrk builds it only once.
-- WRK_VARY=1: no two requests in a row have the same fields, as with a trace identifier.
-- WRK_CLOSE=1: a new connection for each request.
-- WRK_COOKIE=a=b: one cookie more. WRK_HOSTS=n: each request is for one of n hosts, h0.example.com and so on, by chance.

wrk.headers = {
  ["Host"] = "shop.example.com",
  ["Connection"] = os.getenv("WRK_CLOSE") and "close" or "keep-alive",
  ["sec-ch-ua"] = '"Chromium";v="138", "Not)A;Brand";v="8"',
  ["sec-ch-ua-mobile"] = "?0",
  ["sec-ch-ua-platform"] = '"Linux"',
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ["Sec-Fetch-Site"] = "same-origin",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Accept-Language"] = "en-GB,en;q=0.9,de;q=0.8",
  ["Cookie"] = "session=7f9c2ba4e88f827d616045507605853e; consent=1; theme=dark",
}

local cookie = os.getenv("WRK_COOKIE")
if cookie then wrk.headers["Cookie"] = wrk.headers["Cookie"] .. "; " .. cookie end

local hosts = tonumber(os.getenv("WRK_HOSTS"))
if hosts then
  local requests = {}
  function init()
    for i = 1, hosts do
      wrk.headers["Host"] = string.format("h%d.example.com", i - 1)
      requests[i] = wrk.format()
    end
  end
  function request() return requests[math.random(hosts)] end
end

if os.getenv("WRK_VARY") then
  local requests, at = {}, 0
  function init()
    for i = 1, 4096 do
      wrk.headers["traceparent"] = string.format("00-%08x%08x%08x%08x-%08x%08x-01",
        math.random(0, 0x7fffffff), math.random(0, 0x7fffffff), math.random(0, 0x7fffffff), i,
        math.random(0, 0x7fffffff), i)
      requests[i] = wrk.format()
    end
  end
  function request()
    at = at % #requests + 1
    return requests[at]
  end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\nresult {"requests":%d,"bytes":%d,"microseconds":%d,"p50":%d,"p99":%d,"p999":%d,"errors":%d}\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
    latency:percentile(99.9),
    e.connect + e.read + e.write + e.status + e.timeout))
end
