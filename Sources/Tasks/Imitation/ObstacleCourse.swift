internal import Foundation
internal import Torch

/// A course with two ways: a point starts at the left, a disc is in the middle, and the right side is to be reached without
/// touching it. Its demonstrator passes above or below, each as often, so that what is done on average is to run into it
/// (Florence et al. 2021, "Implicit behavioral cloning", figure 1, for why averages fail).
///
/// Observed are x and y, acted with is a step in both.
enum ObstacleCourse {
  static let name = "obstacle-course"
  static let radius: Float = 0.3
  static let mostSteps = 60
  /// The longest step.
  static let reach: Float = 0.08

  enum Outcome: Sendable, Equatable {
    case passedAbove, passedBelow
    case touched
    /// Too slow, or beside the course.
    case lost
  }

  static func start(seed: UInt64) -> SIMD2<Float> {
    let uniform = KeyedNoise(seed: seed, sample: 0, step: 0, stream: "course").uniform(count: 1)[0]
    return SIMD2(-1, (uniform - 0.5) * 0.1)
  }

  /// Where a step leads; it is no longer than `reach`.
  static func moved(_ place: SIMD2<Float>, _ action: SIMD2<Float>) -> SIMD2<Float> {
    let length = (action * action).sum().squareRoot()
    return place + (length > reach ? action * (reach / length) : action)
  }

  /// - Parameter path: all places, the first one among them.
  static func outcome(_ path: [SIMD2<Float>]) -> Outcome? {
    guard let place = path.last else { return nil }
    if (place * place).sum() < radius * radius { return .touched }
    if place.x >= 1 {
      // Where it passed the middle.
      let middle = path.min { abs($0.x) < abs($1.x) } ?? place
      return middle.y > 0 ? .passedAbove : .passedBelow
    }
    return abs(place.y) > 1.5 || place.x < -1.5 || path.count > mostSteps ? .lost : nil
  }

  /// What the demonstrator wants to do who passes above (1) or below (−1).
  static func action(at place: SIMD2<Float>, side: Float) -> SIMD2<Float> {
    let ahead = place.x + 0.07
    let wanted = SIMD2(ahead, side * 0.5 * exp(-(ahead / 0.36) * (ahead / 0.36))) - place
    let length = (wanted * wanted).sum().squareRoot()
    return wanted * min(1, 0.07 / length)
  }

  static func demonstrations(_ count: Int, seed: UInt64) -> Demonstrations {
    let episodes = (0..<count).map { index -> Demonstrations.Episode in
      let noise = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "demonstrator")
      let side: Float = noise.uniform(count: 1)[0] < 0.5 ? 1 : -1
      let grain = KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "hand").normal(
        count: 2 * mostSteps)
      var episode = Demonstrations.Episode(
        name: "\(index)", task: nil, observations: [], actions: [], executed: [])
      var path = [start(seed: seed &+ UInt64(index))]
      while outcome(path) == nil {
        let (place, step) = (path[path.count - 1], path.count - 1)
        let wanted = action(at: place, side: side)
        let done = wanted + 0.01 * SIMD2(grain[2 * step], grain[2 * step + 1])
        episode.observations += [place.x, place.y]
        episode.actions += [wanted.x, wanted.y]
        episode.executed += [done.x, done.y]
        path.append(moved(place, done))
      }
      return episode
    }
    return Demonstrations(episodes, observationSize: 2, actionSize: 2)
  }
}
