import Foundation
import Samplers
import Testing

/// Probabilities in closed form: scores are logarithms of 0.5, 0.25, 0.15, 0.1.
struct TokenChoiceTests {
  private let scores = [0.25, 0.5, 0.1, 0.15].map { Float(log($0)) + 3 }

  private func expect(_ found: [Double], _ expected: [Double]) {
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-6, "\(found)") }
  }

  @Test func plainOnesAreAsTheyAre() {
    expect(TokenChoice().probabilities(scores), [0.25, 0.5, 0.1, 0.15])
  }

  @Test func temperature() {
    // Half the temperature squares them.
    let squares = [0.0625, 0.25, 0.01, 0.0225]
    let sum = squares.reduce(0, +)
    expect(TokenChoice(temperature: 0.5).probabilities(scores), squares.map { $0 / sum })
    expect(TokenChoice(temperature: 0).probabilities(scores), [0, 1, 0, 0])
    // So low a temperature overflows nothing.
    expect(TokenChoice(temperature: 1e-300).probabilities(scores), [0, 1, 0, 0])
  }

  @Test func theMostProbable() {
    expect(TokenChoice(topK: 2).probabilities(scores), [1 / 3, 2 / 3, 0, 0])
    expect(TokenChoice(topP: 0.75).probabilities(scores), [1 / 3, 2 / 3, 0, 0])
    expect(TokenChoice(topP: 0.76).probabilities(scores), [0.25 / 0.9, 0.5 / 0.9, 0, 0.15 / 0.9])
    expect(TokenChoice(topP: 0).probabilities(scores), [0, 1, 0, 0])
    // Of the three that are left, two have 0.75 of 0.9.
    expect(TokenChoice(topK: 3, topP: 0.8).probabilities(scores), [1 / 3, 2 / 3, 0, 0])
  }

  @Test func whatMayNotBeIsLeftOutFirst() {
    expect(TokenChoice(topK: 1).probabilities(scores) { $0 != 1 }, [1, 0, 0, 0])
    expect(TokenChoice(temperature: 0).probabilities(scores) { $0 > 1 }, [0, 0, 0, 1])
  }

  /// Of equals the first.
  @Test func ties() {
    expect(TokenChoice(topK: 1).probabilities([1, 2, 2]), [0, 1, 0])
    expect(TokenChoice(temperature: 0).probabilities([1, 2, 2]), [0, 1, 0])
  }
}
