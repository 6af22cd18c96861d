for (const button of document.querySelectorAll("[data-copy]")) {
  const line = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    const range = document.createRange();
    range.selectNodeContents(line);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    let copied = true;
    try { await navigator.clipboard.writeText(line.textContent); }
    catch { copied = document.execCommand("copy"); }
    button.nextElementSibling.textContent = copied ? "Copied." : "Selected: copy it with the keyboard.";
  });
}
for (const button of document.querySelectorAll("[data-open]")) {
  const strips = document.getElementById(button.dataset.open).querySelectorAll("details");
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = ![...strips].every((strip) => strip.open);
    for (const strip of strips) strip.open = open;
    button.textContent = open ? "Close all" : "Open all";
  });
}
