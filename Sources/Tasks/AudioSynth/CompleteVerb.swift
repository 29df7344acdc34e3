internal import Foundation
internal import MediaIO
internal import MediaTensors
public import PipelineCore
internal import Torch

extension AudioSynth: CompletingTask {
  /// The recording with other sound in its gap, and otherwise as it is: the same rate, channels, bits and samples. The
  /// word and the voice of each draw come from what is before and behind the gap, unless they are given.
  public func complete(_ request: InferenceRequest, _ specification: Specification) throws -> DrawnFiles {
    let (name, model, input) = try asked(request, specification)
    let options = request.options
    let filling = try GapFilling(
      model, input.levels, from: options.number("from"), to: options.number("to"),
      particles: options.integer("particles"))
    let (words, voices) = try given(model, word: options.text("word"), speaker: options.text("speaker"))
    let pairs = words.flatMap { word in voices.map { (word: word, voice: $0) } }
    let posterior =
      try pairs.count > 1
      ? filling.posterior(pairs, seed: UInt64(options.integer("seed")), workers: request.context.workers)
      : [1]
    let seed = UInt64(options.integer("seed"))
    let progress = request.context.startProgress("complete", total: options.integer("count"), unit: "draws")
    defer { progress.finish() }
    let sha = try Digest.sha256(of: specification.model(named: name).weights)
    let clip = input.clip
    let recording = FilledRecording(
      clip, from: options.number("from"), to: options.number("to"), rate: model.description.sampleRate)
    let draws = try ChunkRunner(workers: request.context.workers).map(options.integer("count")) { index in
      try request.context.checkCancelled()
      defer { progress.advance() }
      let choice = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "pair").category(posterior)
      let pair = pairs[choice]
      return (
        pair: pair, levels: try filling.draw(word: pair.word, voice: pair.voice, seed: seed, index: index)
      )
    }
    /// A file of some of the draws, half a second apart.
    func file(_ indices: Range<Int>) throws -> Data {
      func said(_ part: ((word: Int, voice: Int)) -> String) -> String {
        let all = indices.map { part(draws[$0].pair) }
        return Set(all).count == 1 ? all[0] : all.joined(separator: ", ")
      }
      let isOne = indices.count == 1
      let provenance = Provenance(
        task: "audio-synth", model: name, weightsSHA256: sha,
        condition: .init(
          inputSHA256: Digest.sha256(request.input),
          values: [
            "word": said { model.description.words[$0.word] },
            "speaker": said { model.description.voices[$0.voice] },
          ], isDrawn: pairs.count > 1),
        key: isOne ? SampleKey(seed: seed, index: indices.lowerBound) : nil, version: PipelineVersion.current,
        engine: try .current(),
        options: options.texts.merging(["verb": "complete", "count": "\(indices.count)"]) { $1 })
      let silence = [Float](repeating: 0, count: clip.sampleRate / 2 * clip.channels)
      let samples = indices.flatMap { index in
        (index == indices.lowerBound ? [] : silence)
          + recording.samples(draws[index].levels.map { MuLaw.sample(Int($0)) })
      }
      return try AudioClip(
        sampleRate: clip.sampleRate, channels: clip.channels, samples: samples,
        comment: provenance.comment(keeping: clip.comment ?? "")
      ).encoded(
        as: AudioEncoding(
          for: URL(fileURLWithPath: "sound.\(options.text("format"))"), bitDepth: input.bitDepth))
    }
    return DrawnFiles(
      single: try draws.indices.map { (index: $0, data: try file($0..<$0 + 1)) },
      together: try file(draws.indices))
  }
}
