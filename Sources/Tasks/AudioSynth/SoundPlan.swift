internal import PipelineCore
internal import Torch

/// A sound that begins at some time; several may be heard at once.
struct SoundEvent: Sendable {
  /// In samples from the beginning.
  var start: Int
  var frames: Int
  /// Makes the sound block after block, `frames` samples in all.
  var make: @Sendable (_ write: ([Float]) throws -> Void) throws -> Void
}

/// What is heard when: made in time order, in constant memory.
struct SoundPlan: Sendable {
  /// By their start.
  var events: [SoundEvent]
  var frames: Int

  /// Sounds of more samples than this are made one at a time; what is made alone is handed on while it is made.
  static let longest = 1 << 18

  init(_ events: [SoundEvent]) {
    self.events = events.sorted { $0.start < $1.start }
    frames = events.reduce(0) { max($0, $1.start + $1.frames) }
  }

  /// One after the other, with `gap` samples of silence between.
  init(_ plans: [SoundPlan], gap: Int) {
    var start = 0
    var events: [SoundEvent] = []
    for plan in plans {
      for var event in plan.events {
        event.start += start
        events.append(event)
      }
      start += plan.frames + gap
    }
    self.init(events)
  }

  /// Threads share the events; what is heard is the same for any number of them.
  func render(
    workers: Int, check: @escaping @Sendable () throws -> Void = {}, write: ([Float]) throws -> Void
  ) throws {
    var mix = Mix()
    var next = 0
    while next < events.count {
      try check()
      let group = next..<groupEnd(next, workers)
      let following = group.upperBound < events.count ? events[group.upperBound].start : frames
      if group.count == 1 {
        var place = events[next].start
        try events[next].make { block in
          try check()
          mix.add(block, at: place)
          place += block.count
          try mix.flush(upTo: min(following, place), write)
        }
      } else {
        let sounds = try ChunkRunner(workers: workers).map(group.count) { index -> [Float] in
          try check()
          var sound: [Float] = []
          try events[group.lowerBound + index].make { sound += $0 }
          return sound
        }
        for (sound, event) in zip(sounds, events[group]) { mix.add(sound, at: event.start) }
      }
      try mix.flush(upTo: following, write)
      next = group.upperBound
    }
    try mix.flush(upTo: frames, write)
  }

  /// Events that are made together: a few for each thread, at first one, so that the first sound is soon there.
  private func groupEnd(_ first: Int, _ workers: Int) -> Int {
    guard events[first].frames <= Self.longest else { return first + 1 }
    let some = events[first..<min(events.count, first + (first == 0 ? 1 : 2) * workers)]
    return some.firstIndex { $0.frames > Self.longest } ?? some.endIndex
  }
}

/// Sound from where nothing more can be added up to.
private struct Mix {
  private var samples: [Float] = []
  private var flushed = 0

  mutating func add(_ sound: [Float], at start: Int) {
    let missing = start + sound.count - flushed - samples.count
    if missing > 0 { samples += [Float](repeating: 0, count: missing) }
    for index in sound.indices { samples[start - flushed + index] += sound[index] }
  }

  mutating func flush(upTo end: Int, _ write: ([Float]) throws -> Void) throws {
    let ready = min(samples.count, end - flushed)
    if ready > 0 {
      try write(Array(samples[..<ready]))
      samples.removeFirst(ready)
      flushed += ready
    }
    while flushed < end {
      let silence = min(1 << 14, end - flushed)
      try write([Float](repeating: 0, count: silence))
      flushed += silence
    }
  }
}
