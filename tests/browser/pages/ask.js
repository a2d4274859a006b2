/* SPDX-License-Identifier: Apache-2.0 */
/* What a page can do to an API, and all that the page gets to know of it. */
"use strict";

const failed = error => ({ outcome: "failed", error: String(error) });

/* `init.xhr`: by XMLHttpRequest instead of fetch. */
async function ask(url, init = {}) {
    if (init.xhr) {
        return askByXhr(url, init);
    }
    try {
        const response = await fetch(url, init);
        return {
            outcome: "read", type: response.type, status: response.status, url: response.url,
            redirected: response.redirected, headers: Object.fromEntries(response.headers),
            body: await response.text(),
        };
    } catch (error) {
        return failed(error);
    }
}

function askByXhr(url, init) {
    return new Promise(resolve => {
        const xhr = new XMLHttpRequest();
        xhr.open(init.method || "GET", url);
        xhr.withCredentials = init.credentials === "include";
        for (const [name, value] of Object.entries(init.headers || {})) {
            xhr.setRequestHeader(name, value);
        }
        xhr.onerror = () => resolve(failed(`status ${xhr.status}, body "${xhr.responseText}"`));
        xhr.onload = () => resolve({
            outcome: "read", type: "xhr", status: xhr.status, url: xhr.responseURL, redirected: null,
            headers: Object.fromEntries(xhr.getAllResponseHeaders().trim().split("\r\n")
                .map(line => line.split(": ")).map(([name, value]) => [name.toLowerCase(), value])),
            body: xhr.responseText,
        });
        xhr.send(init.body);
    });
}

/* Asks from inside a frame; `sandbox` null: an ordinary frame of this page's own origin. */
function askFromFrame(sandbox, url, init) {
    return new Promise(resolve => {
        const frame = document.createElement("iframe");
        if (sandbox !== null) {
            frame.sandbox = sandbox;
        }
        addEventListener("message", event => resolve(event.data), { once: true });
        frame.onload = () => frame.contentWindow.postMessage({ url, init }, "*");
        frame.src = "/frame.html";
        document.body.append(frame);
    });
}

/* Whether the page may use what it loads: <script crossorigin>, <img crossorigin>, <link crossorigin>. */
function loadElement(kind, url, crossOrigin) {
    return new Promise(resolve => {
        const element = document.createElement(kind);
        if (crossOrigin !== null) {
            element.crossOrigin = crossOrigin;
        }
        element.onload = () => resolve("loaded");
        element.onerror = () => resolve("failed");
        if (kind === "link") {
            element.rel = "stylesheet";
            element.href = url;
        } else {
            element.src = url;
        }
        document.body.append(element);
    });
}

/* A form that a page submits by itself: a navigation, of this window or of a frame in it. */
function submitForm(url, enctype, inFrame) {
    const form = document.createElement("form");
    const field = document.createElement("input");
    Object.assign(form, { method: "POST", action: url, enctype });
    Object.assign(field, { name: '{"product_id":"', value: '"}' });
    if (inFrame) {
        const frame = document.createElement("iframe");
        frame.name = form.target = "inner";
        document.body.append(frame);
    }
    form.append(field);
    document.body.append(form);
    form.submit();
}

function sendBeacon(url) {
    return navigator.sendBeacon(url, "{}");
}
