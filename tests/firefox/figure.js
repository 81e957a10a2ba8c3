// All that one live figure shows: its sentence, its drawing, and what is painted on canvases; once it has been quiet.
async (place) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  await frame();
  await new Promise((done) => setTimeout(done, 250));
  const figure = document.querySelectorAll(".widget-live .uw")[place];
  const painted = [...figure.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL());
  return [figure.querySelector(".uw-sentence").innerText, figure.querySelector(".uw-figure").innerHTML, ...painted];
};
