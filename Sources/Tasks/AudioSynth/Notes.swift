internal import Conditioners
internal import Foundation
internal import MediaTensors
internal import PipelineCore
internal import StepInference
internal import Torch

/// Plays notes.
struct Notes: Sendable {
  let model: NotesModel
  private let voice: DilatedVoice

  init(_ model: NotesModel, precision: String) throws {
    self.model = model
    voice = DilatedVoice(steps: try model.steps(precision))
  }

  var sampleRate: Int { model.description.sampleRate }

  /// - Throws: `PipelineError` of kind `.usage` that names the nearest instrument and lists all.
  func instrument(_ name: String) throws -> Int {
    let all = model.description.instruments
    guard let index = all.firstIndex(of: name) else {
      throw PipelineError.usage(NearestName.unknown("instrument", name, known: all, listing: true))
    }
    return index
  }

  /// - Throws: `PipelineError` of kind `.usage` for a note that was not heard in training.
  func check(_ pitch: Int, from place: String) throws {
    let (lowest, highest) = (model.description.lowest, model.description.highest)
    guard (lowest...highest).contains(pitch) else {
      throw PipelineError.usage(
        "\(place) has \(Score.name(pitch)), but the model knows \(Score.name(lowest)) to \(Score.name(highest))"
      )
    }
  }

  /// Frames that are made at a time, of a long note.
  private static let block = 200

  /// Notes as an instrument plays them; what is heard at once is made quieter, so that it fits.
  func plan(
    _ score: Score, instrument: Int, velocity: Int, seed: UInt64, index: Int,
    _ settings: DilatedStepper.Settings
  )
    -> SoundPlan
  {
    let description = model.description
    let gain = 1 / Float(Self.mostAtOnce(score, release: description.release)).squareRoot()
    let (voice, conditioner, hop) = (self.voice, model.conditioner, model.hop)
    return SoundPlan(
      score.notes.enumerated().map { place, note in
        let frames = max(
          1, Int(((note.held + description.release) * Double(sampleRate) / Double(hop)).rounded()))
        let noise = KeyedNoise(seed: seed, sample: UInt64(index), step: UInt64(place), stream: "samples")
        let velocity = min(max(note.velocity ?? velocity, description.softest), description.loudest)
        return SoundEvent(start: Int(note.start * Double(sampleRate)), frames: frames * hop) { write in
          let stream = voice.stream(noise, settings)
          for first in stride(from: 0, to: frames, by: Self.block) {
            let some = first..<min(frames, first + Self.block)
            let levels = try stream(
              conditioner.frames(
                instrument: instrument, pitch: note.pitch, velocity: velocity, held: note.held, frames: some))
            var samples = levels.map { MuLaw.sample(Int($0)) * gain }
            if first == 0 { Self.swell(&samples, over: sampleRate / 500) }
            if some.upperBound == frames { Self.fade(&samples, over: sampleRate / 50) }
            try write(samples)
          }
        }
      })
  }

  /// The first samples come out of nothing, for the first one of all is drawn without one before it.
  private static func swell(_ samples: inout [Float], over count: Int) {
    for index in 0..<min(count, samples.count) { samples[index] *= Float(index) / Float(count) }
  }

  /// The last samples run out to nothing, lest a note that still sounds ends with a click.
  private static func fade(_ samples: inout [Float], over count: Int) {
    let count = min(count, samples.count)
    for index in 0..<count { samples[samples.count - 1 - index] *= Float(index) / Float(count) }
  }

  private static func mostAtOnce(_ score: Score, release: Double) -> Int {
    // A key that is up is hardly heard any more.
    let changes =
      score.notes.map { ($0.start, 1) } + score.notes.map { ($0.start + $0.held + release / 4, -1) }
    var (now, most) = (0, 1)
    for change in changes.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
      now += change.1
      most = max(most, now)
    }
    return most
  }
}
