internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// Recordings of single notes, as `scripts/render-notes` makes them of a sound font.
struct PlayedNotes: Sendable {
  struct Recording: Sendable {
    var instrument: Int
    var pitch: Int
    var velocity: Int
    /// Seconds until the key goes up.
    var held: Double
    /// 0…255, by `MuLaw`.
    var levels: [UInt8]
  }

  let instruments: [String]
  let sampleRate: Int
  var recordings: [Recording]

  /// Reads the files `<instrument>_<MIDI number>_<velocity>_<milliseconds held>.wav` of a folder.
  /// - Parameters:
  ///   - instruments: their names in the order in which a model knows them; nil for those that are there.
  ///   - release: seconds after the key goes up that are read.
  /// - Throws: `PipelineError` of kind `.data` for a folder without such files, another sample rate, or an unknown
  ///   instrument; `MediaError` for broken files.
  init(folder: URL, instruments: [String]? = nil, release: Double, workers: Int) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let found = names.sorted().compactMap { name -> (name: String, instrument: String, numbers: [Int])? in
      guard name.lowercased().hasSuffix(".wav") else { return nil }
      let parts = name.dropLast(4).split(separator: "_").map(String.init)
      let numbers = parts.dropFirst().compactMap { Int($0) }
      guard parts.count == 4, numbers.count == 3, (0...127).contains(numbers[0]),
        (0...127).contains(numbers[1]), (1...600_000).contains(numbers[2])
      else { return nil }
      return (name, parts[0], numbers)
    }
    guard !found.isEmpty else {
      throw PipelineError.data(
        "\(folder.relativePath) holds no notes; files named <instrument>_<MIDI number>_<velocity>_<ms>.wav, such as "
          + "scripts/render-notes makes, would be right")
    }
    let instruments = instruments ?? Set(found.map(\.instrument)).sorted()
    let all = try ChunkRunner(workers: workers).map(found.count) { index -> (Int, Recording) in
      try Interrupt.check()
      let (name, instrument, numbers) = found[index]
      guard let instrument = instruments.firstIndex(of: instrument) else {
        throw PipelineError.data(
          "\(folder.relativePath)/\(name) is of a '\(instrument)', which the model does not know")
      }
      let clip = try AudioClip(contentsOf: folder.appendingPathComponent(name))
      let held = Double(numbers[2]) / 1000
      let samples = clip.mono.prefix(Int((held + release) * Double(clip.sampleRate)))
      return (
        clip.sampleRate,
        Recording(
          instrument: instrument, pitch: numbers[0], velocity: numbers[1], held: held,
          levels: samples.map { UInt8(MuLaw.level($0)) })
      )
    }
    guard all.allSatisfy({ $0.0 == all[0].0 }) else {
      throw PipelineError.data(
        "the notes of \(folder.relativePath) have several sample rates; one would be right")
    }
    (self.instruments, sampleRate) = (instruments, all[0].0)
    recordings = all.map(\.1).filter { !$0.levels.isEmpty }
  }

  /// The recordings that are only watched, one of every `heldOut` in the order of the files' names, or the others.
  func part(heldOut: Int, isWatched: Bool) -> [Recording] {
    recordings.indices.filter { ($0 % heldOut == heldOut - 1) == isWatched }.map { recordings[$0] }
  }
}
