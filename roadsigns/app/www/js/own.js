import { byId } from './dom.js'
import { frame } from './frame.js'
import { read } from './picture.js'
import { complain, quiet } from './toast.js'

/**
 * Take pictures from the file dialog, the clipboard, a drop and the camera.
 *
 * `choose` is called with a lone one as framed, `list(files, takeFile)` with several files.
 */
export function acceptPictures(choose, list) {
  const take = async (open, label) => {
    quiet()
    try {
      const source = await open()
      if (source) frame(source, label, choose)
    } catch (error) {
      complain(error.message)
    }
  }
  const takeFile = (file) => take(() => read(file), file.name || 'Your picture')
  const takeFiles = (some) => {
    const files = [...some ?? []]
    if (files.length === 1) takeFile(files[0])
    if (files.length < 2) return
    quiet()
    for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close()
    list(files, takeFile)
  }

  byId('choose').addEventListener('click', () => byId('file').click())
  byId('file').addEventListener('change', (event) => {
    takeFiles(event.target.files)
    event.target.value = ''
  })
  byId('camera').addEventListener('click', () => take(openCamera, 'Your picture'))
  document.addEventListener('paste', (event) => takeFiles(event.clipboardData?.files))
  acceptDrops(takeFiles)
}

function acceptDrops(takeFiles) {
  const over = (on) => document.body.classList.toggle('dropping', on)
  document.addEventListener('dragover', (event) => {
    event.preventDefault()
    over(event.dataTransfer.types.includes('Files'))
  })
  document.addEventListener('dragleave', (event) => event.relatedTarget ?? over(false))
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    over(false)
    takeFiles(event.dataTransfer.files)
  })
}

/** The camera as a source of pictures: a running video, and how to stop it. */
async function openCamera() {
  if (!navigator.mediaDevices) throw new Error('The camera needs this page from localhost or over HTTPS')
  let stream
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  } catch (error) {
    throw new Error(`The camera cannot be used: ${error.message}`, { cause: error })
  }
  const video = Object.assign(document.createElement('video'), { srcObject: stream, muted: true, playsInline: true })
  await video.play()
  const stop = () => stream.getTracks().forEach((track) => track.stop())
  return { image: video, width: video.videoWidth, height: video.videoHeight, moving: true, stop }
}
