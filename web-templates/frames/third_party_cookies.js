// Tells the page that this frame is in whether the browser keeps our cookies for it: the frame before this one set one.
(async () => {
  'use strict'
  const arrived = document.cookie.split('; ').includes('pal_3p=1')
  // Some browsers give a frame cookies, but a jar of its own for every site that it is in.
  const shared = !window.isSecureContext || !document.hasStorageAccess || (await document.hasStorageAccess())
  window.parent.postMessage(arrived && shared ? 'supported' : 'unsupported', '*')
})()
